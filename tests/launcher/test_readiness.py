"""What the web process says while it isn't ready."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from launcher.readiness import Readiness

_CHECKS = [
    {"name": "postgres", "ok": True, "detail": "answers"},
    {"name": "redis", "ok": False, "detail": "not reachable (ConnectionError)"},
    {"name": "workers", "ok": False, "detail": "none for chat"},
]


@contextmanager
def _saying(status: int, body: object) -> Iterator[Readiness]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Readiness("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def test_what_is_missing_is_named() -> None:
    with _saying(503, {"status": "not_ready", "checks": _CHECKS}) as web:
        assert not web.is_ready()
        assert web.missing == "redis: not reachable (ConnectionError); workers: none for chat"


def test_ready_is_ready() -> None:
    with _saying(200, {"status": "ready", "checks": _CHECKS[:1]}) as web:
        assert web.is_ready()
        assert web.missing == ""


def test_whoever_else_answers_there_says_nothing_of_use() -> None:
    with _saying(503, ["down"]) as web:
        assert not web.is_ready()
        assert web.missing == ""
    assert not web.is_ready()  # nobody is there any more
