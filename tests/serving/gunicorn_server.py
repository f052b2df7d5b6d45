"""Starts the real web server, with the project's own configuration, around the probe application."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process exists and is not just waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class GunicornServer:
    """One gunicorn on a loopback port, ended with the block."""

    def __init__(self, mode: str, log: Path, *options: str, wrapper: tuple[str, ...] = (), **environment: str) -> None:
        self.mode = mode
        self.port = free_port()
        self.log = log
        self._command = [*wrapper, sys.executable, "-m", "gunicorn", *options, "probe_app:application"]
        # eventlet hides that it came too late for some locks when it believes it runs inside of pytest.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        self._environment = {
            **inherited,
            "ASYNC_MODE": mode,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}",
            **environment,
        }

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        try:
            wait_until(self._answers, 15, "the server answers")
        except AssertionError:
            self.__exit__()
            raise AssertionError(self.log.read_text()) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "gunicorn ended"
        try:
            return self.get("/quick") == b"ok"
        except OSError:
            return False

    def stop(self) -> None:
        """Asks for a graceful stop, and does not wait for it."""
        self.process.send_signal(signal.SIGTERM)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def connect(self, timeout: float = 5) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def client(self, timeout: float = 5) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str, timeout: float = 5) -> bytes:
        client = self.client(timeout)
        try:
            client.request("GET", path)
            return self._body(client.getresponse())
        finally:
            client.close()

    @staticmethod
    def _body(response: HTTPResponse) -> bytes:
        body = response.read()
        assert response.status == 200, (response.status, body)
        return body

    def worker_pid(self) -> int:
        return int(self.get("/pid"))


def receive_all(client: socket.socket) -> bytes:
    """What the server sends until it closes the connection, also by a reset."""
    received = b""
    try:
        while chunk := client.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received
