"""No client keeps the server to itself."""

import threading
import time

import pytest
from gunicorn_server import GunicornServer, receive_all

pytestmark = pytest.mark.slow  # slow requests are the subject

only_eventlet = pytest.mark.parametrize("mode", ["eventlet"], indirect=True, scope="module")


def test_slow_requests_do_not_block_others(server: GunicornServer) -> None:
    slow = [threading.Thread(target=server.get, args=("/sleep?seconds=1",)) for _ in range(10)]
    started = time.monotonic()
    for thread in slow:
        thread.start()
    time.sleep(0.1)
    assert server.get("/quick") == b"ok"
    assert time.monotonic() - started < 0.8
    for thread in slow:
        thread.join()
    assert time.monotonic() - started < 4


def test_busy_connection_does_not_starve_others(server: GunicornServer) -> None:
    """A client whose next request is always there already."""
    request = b"GET /spin HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as busy, server.connect() as other:
        busy.sendall(request * 150)
        time.sleep(0.05)
        started = time.monotonic()
        other.sendall(request)
        assert other.recv(4096)
        assert time.monotonic() - started < 0.8


def test_upload_in_tiny_chunks_does_not_starve_others(server: GunicornServer) -> None:
    """Chunks of one byte cost the server far more than they cost the client."""
    chunks = 400_000
    with server.connect(30) as upload:
        upload.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
        sender = threading.Thread(target=upload.sendall, args=(b"1\r\nx\r\n" * chunks + b"0\r\n\r\n",))
        sender.start()
        time.sleep(0.05)
        waits = []
        for _ in range(5):
            started = time.monotonic()
            assert server.get("/quick") == b"ok"
            waits.append(time.monotonic() - started)
        assert max(waits) < 0.6, waits
        sender.join()
        assert receive_all(upload).endswith(b"x" * chunks)


def test_offloaded_work_does_not_block_others(server: GunicornServer) -> None:
    names: list[bytes] = []
    burning = threading.Thread(target=lambda: names.append(server.get("/burn?seconds=1")))
    burning.start()
    time.sleep(0.1)
    started = time.monotonic()
    assert server.get("/quick") == b"ok"
    assert time.monotonic() - started < 0.6
    burning.join()
    if server.mode == "eventlet":
        assert names[0].startswith(b"tpool_thread_")


@only_eventlet  # gthread: runs on the request's own thread
def test_offloaded_work_waits_for_a_thread_when_all_are_busy(server: GunicornServer) -> None:
    names: list[bytes] = []
    burning = [threading.Thread(target=lambda: names.append(server.get("/burn?seconds=0.1"))) for _ in range(12)]
    for thread in burning:
        thread.start()
    for thread in burning:
        thread.join()
    assert len(names) == 12
    assert len(set(names)) <= 4


@only_eventlet  # gthread: runs on the request's own thread
def test_offloaded_work_that_exits_answers_500_and_leaves_the_pool_intact(server: GunicornServer) -> None:
    for _ in range(5):
        with pytest.raises(AssertionError, match="500"):
            server.get("/fail")
    assert server.get("/burn?seconds=0.01")
