"""Nobody who was accepted is left without an answer."""

import http.client
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from gunicorn_server import GunicornServer, is_running, receive_all, wait_until

pytestmark = pytest.mark.slow  # servers are started for each test, and time-outs waited for

only_eventlet = pytest.mark.parametrize("mode", ["eventlet"], indirect=True, scope="module")


def refuses(server: GunicornServer) -> bool:
    try:
        server.connect(0.2).close()
    except (ConnectionRefusedError, ConnectionResetError):
        # Reset: it was waiting to be accepted when the socket was closed.
        return True
    return False


def become_idle(client: socket.socket) -> None:
    """One answered request, after which the connection stays open."""
    client.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\nok"):
        answer += client.recv(4096)
    assert b"Connection: keep-alive" in answer


def test_stop_finishes_running_requests_and_refuses_new_ones(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server, server.connect() as running:
        running.sendall(b"GET /sleep?seconds=1.5 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        server.stop()
        wait_until(lambda: refuses(server), 0.8, "new connections are refused")
        answer = receive_all(running)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"slept")
        assert b"Connection: close" in answer
        running.close()
        assert server.process.wait(10) == 0


def test_stop_closes_idle_connections_and_ends_streams(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server, server.connect() as idle, server.connect() as stream:
        become_idle(idle)
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(0.1)
        started = time.monotonic()
        server.stop()
        assert b"reconnect" in receive_all(stream)
        stream.close()
        assert time.monotonic() - started < 3
        assert receive_all(idle) == b""
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 8


def test_stop_answers_a_request_that_comes_on_an_idle_connection(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server, server.connect() as idle:
        become_idle(idle)
        server.stop()
        time.sleep(0.4)
        idle.sendall(b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = receive_all(idle)
        assert answer.endswith(b"ok")
        assert b"Connection: close" in answer


def test_quick_stop_does_not_wait_for_anybody(mode: str, log: Path) -> None:
    """Ctrl-C, or SIGQUIT."""
    with GunicornServer(mode, log) as server, server.connect() as running:
        worker = server.worker_pid()
        running.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert running.recv(4096)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0
        assert not is_running(worker)


def test_stop_cuts_what_outlasts_the_graceful_time(mode: str, log: Path) -> None:
    with GunicornServer(mode, log, "--graceful-timeout", "1") as server, server.connect() as running:
        running.sendall(b"GET /sleep?seconds=30 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        started = time.monotonic()
        server.stop()
        assert receive_all(running) == b""
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 8


def test_worker_that_is_told_itself_cuts_what_outlasts_the_graceful_time(mode: str, log: Path) -> None:
    """The arbiter kills only those that it told itself, and the interpreter waits for the threads of a pool."""
    with GunicornServer(mode, log, "--graceful-timeout", "1") as server, server.connect() as running:
        worker = server.worker_pid()
        running.sendall(b"GET /sleep?seconds=30 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        os.kill(worker, signal.SIGTERM)
        wait_until(lambda: not is_running(worker), 10, "the worker ends")
        assert receive_all(running) == b""


def test_worker_whose_arbiter_is_killed_cuts_what_takes_too_long(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server, server.connect() as running:
        worker = server.worker_pid()
        running.sendall(b"GET /sleep?seconds=60 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        os.kill(server.process.pid, signal.SIGKILL)
        wait_until(lambda: not is_running(worker), 15, "the worker ends by itself")


def test_stopped_worker_whose_arbiter_is_killed_meanwhile_ends(mode: str, log: Path) -> None:
    """A test run that is cut short, say: it asks, has no patience and kills."""
    with GunicornServer(mode, log) as server, server.connect() as running:
        worker = server.worker_pid()
        running.sendall(b"GET /sleep?seconds=60 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        os.kill(server.process.pid, signal.SIGSTOP)  # so that it can't do it
        os.kill(worker, signal.SIGQUIT)
        wait_until(lambda: not is_running(worker), 5, "the worker ends by itself")
        os.kill(server.process.pid, signal.SIGKILL)


class Customer(threading.Thread):
    """Asks again and again on one connection, and opens another whenever the server closes it."""

    def __init__(self, server: GunicornServer, stop: threading.Event) -> None:
        super().__init__()
        self.server = server
        self.stop = stop
        self.answers: list[bytes] = []
        self.failures: list[str] = []

    def run(self) -> None:
        client = self.server.client()
        while not self.stop.is_set():
            try:
                client.request("GET", "/pid")
                self.answers.append(client.getresponse().read())
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
        client.close()


def test_reload_loses_no_request(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server:
        stop = threading.Event()
        customers = [Customer(server, stop) for _ in range(8)]
        for customer in customers:
            customer.start()
        for _ in range(2):
            before = server.worker_pid()
            server.reload()
            wait_until(lambda: not is_running(before), 15, "the old worker is gone")  # noqa: B023
        stop.set()
        for customer in customers:
            customer.join()
        assert [customer.failures for customer in customers] == [[]] * 8
        assert len({pid for customer in customers for pid in customer.answers}) == 3


def test_several_workers_share_the_port_and_stop_together(mode: str, log: Path) -> None:
    with GunicornServer(mode, log, WEB_WORKERS="2") as server:
        pids = {server.worker_pid()}
        wait_until(lambda: not pids.add(server.worker_pid()) and len(pids) == 2, 10, "both workers answer")
        server.stop()
        assert server.process.wait(10) == 0
        assert not any(is_running(pid) for pid in pids)


def test_worker_ends_when_the_arbiter_is_killed(mode: str, log: Path) -> None:
    with GunicornServer(mode, log) as server, server.connect() as running:
        worker = server.worker_pid()
        running.sendall(b"GET /sleep?seconds=2 HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.1)
        os.kill(server.process.pid, signal.SIGKILL)
        wait_until(lambda: refuses(server), 5, "new connections are refused")
        assert receive_all(running).endswith(b"slept")
        running.close()
        wait_until(lambda: not is_running(worker), 10, "the worker ends by itself")


@only_eventlet  # gthread: a busy request does not stop the heartbeat there
def test_blocked_worker_is_replaced(mode: str, log: Path) -> None:
    with GunicornServer(mode, log, "--timeout", "1") as server, server.connect() as blocking:
        worker = server.worker_pid()
        blocking.sendall(b"GET /spin?seconds=30 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: not is_running(worker), 15, "the arbiter kills the worker")
        assert server.worker_pid() != worker


@only_eventlet  # gthread: gunicorn's own: the worker ends, and the arbiter starts another
def test_worker_survives_running_out_of_files(mode: str, log: Path) -> None:
    limited = ("sh", "-c", 'ulimit -n 40; exec "$@"', "sh")
    with GunicornServer(mode, log, wrapper=limited) as server:
        worker = server.worker_pid()
        crowd = [server.connect() for _ in range(60)]
        wait_until(lambda: "Too many open files" in log.read_text(), 10, "the limit is reached")
        for client in crowd:
            client.close()
        assert server.worker_pid() == worker


def test_server_starts_without_complaints(mode: str, log: Path) -> None:
    """eventlet's deprecation, locks that it came too late for, forks it warns of."""
    with GunicornServer(mode, log, PYTHONWARNINGS="default") as server:
        server.get("/quick")
        server.get("/burn?seconds=0.01")
    text = log.read_text()
    assert "RLock" not in text
    assert "Eventlet is deprecated" not in text
    assert "Traceback" not in text
