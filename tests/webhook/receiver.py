"""A receiver of webhooks on this machine that behaves as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def type(self) -> str:
        return str(self.event["type"])


class Receiver:
    """`answer` is asked for the status of every request; it may take its time. `taken` are those answered with 2xx."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.all: list[Received] = []
        self.taken: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _received: 204
        self.headers: dict[str, str] = {}
        self.body = b""

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.taken]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.all.append(received)
            try:
                status = receiver.answer(received)
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(receiver.body)
            except OSError:
                self.close_connection = True
                return
            if 200 <= status < 300:
                receiver.taken.append(received)

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: Any) -> None:
            """A client that hangs up is what the tests are about."""

    server = Server(("127.0.0.1", port), Handler)
    receiver = Receiver(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
