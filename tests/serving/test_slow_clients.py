"""Clients that send as slowly as they can (Slowloris, R-U-Dead-Yet) are let go."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn_server import GunicornServer, receive_all

pytestmark = pytest.mark.slow  # time-outs are waited for


@pytest.fixture(scope="module")
def server(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """A second of patience, then 1,000 bytes a second; idle connections end after two seconds."""
    log: Path = tmp_path_factory.mktemp("server") / "gunicorn.log"
    options = ("--worker-class", "impatient_worker.ImpatientWorker", "--keep-alive", "2")
    with GunicornServer(mode, log, *options) as running:
        yield running


def drip(server: GunicornServer, start: bytes, byte: bytes) -> float:
    """Sends one byte each 50 ms and returns after how many seconds the server closed the connection."""
    started = time.monotonic()
    with server.connect() as client:
        client.sendall(start)
        client.settimeout(0.05)
        while time.monotonic() - started < 5:
            try:
                client.sendall(byte)
                while client.recv(4096):
                    pass
            except TimeoutError:
                continue
            except OSError:
                pass
            return time.monotonic() - started
    return 5.0


def test_head_byte_by_byte_is_cut_off(server: GunicornServer) -> None:
    assert 0.8 < drip(server, b"GET /quick HTTP/1.1\r\nHost: a\r\nX: ", b"x") < 4


def test_body_byte_by_byte_is_cut_off(server: GunicornServer) -> None:
    assert 0.8 < drip(server, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x") < 4


def test_unread_body_byte_by_byte_is_cut_off(server: GunicornServer) -> None:
    """The application answers without reading: what is left may not hold the connection either."""
    assert drip(server, b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x") < 4


def test_connection_outlives_a_small_unread_body(server: GunicornServer) -> None:
    with server.connect() as client:
        client.sendall(b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000)
        client.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert receive_all(client).count(b"HTTP/1.1 200 OK") == 2


def test_connection_is_closed_after_a_large_unread_body(server: GunicornServer) -> None:
    """It is neither read to its end nor taken for the next request, and the client is told to send that elsewhere."""
    with server.connect() as client:
        client.sendall(b"POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 120000\r\n\r\n" + b"x" * 120_000)
        answer = receive_all(client)
    assert answer.endswith(b"ok")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"\r\nConnection: close\r\n" in answer


def test_slow_but_steady_upload_succeeds(server: GunicornServer) -> None:
    """Nearly twice as long as the patience, at more than twice the rate that is asked for."""
    with server.connect() as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4800\r\n\r\n")
        for _ in range(12):
            client.sendall(b"x" * 400)
            time.sleep(0.15)
        assert receive_all(client).endswith(b"x" * 4800)


def test_idle_connection_is_closed_after_the_keep_alive_time(server: GunicornServer) -> None:
    with server.connect() as client:
        client.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
        started = time.monotonic()
        assert receive_all(client).endswith(b"ok")
        assert 1.5 < time.monotonic() - started < 6


def test_request_at_the_end_of_the_idle_time_is_answered(server: GunicornServer) -> None:
    """The keep-alive time ends with the first byte: a head that comes in two parts around it is not cut."""
    with server.connect() as client:
        time.sleep(1.5)
        client.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\n")
        time.sleep(0.7)
        client.sendall(b"Connection: close\r\n\r\n")
        assert receive_all(client).endswith(b"ok")


def test_slow_clients_leave_no_traceback(server: GunicornServer) -> None:
    drip(server, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x")
    assert "Traceback" not in server.log.read_text()
