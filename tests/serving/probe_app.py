"""The application that the servers under test run: every path shows one behaviour of the server around it."""

from serving.boot import boot

boot()

import hashlib  # noqa: E402
import os  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import parse_qs  # noqa: E402

from serving.offload import offload  # noqa: E402


def burn(seconds: float) -> str:
    """Keeps a core busy with work that lets go of the interpreter's lock, as Argon2 does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 20_000)
    return threading.current_thread().name


class ProbeApp:
    """A bare WSGI application with a `drain()`, which ends its open streams."""

    def __init__(self) -> None:
        self.draining = threading.Event()

    def drain(self) -> None:
        self.draining.set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        handler = getattr(self, "get_" + environ["PATH_INFO"].strip("/"), self.get_quick)
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        body = handler(environ, query)
        if not isinstance(body, bytes):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return body
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    def get_quick(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        return b"ok"

    def get_pid(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        return str(os.getpid()).encode()

    def get_file(self, environ: dict[str, Any], query: dict[str, str]) -> Iterable[bytes]:
        wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](Path(query["path"]).open("rb"))  # noqa: SIM115 - the server closes it
        return wrapped

    def get_sleep(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        time.sleep(float(query["seconds"]))
        return b"slept"

    def get_echo(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        body: bytes = environ["wsgi.input"].read()
        return body

    def get_spin(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        burn(float(query.get("seconds", "0.01")))
        return b"spun"

    def get_burn(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        return offload(burn, float(query["seconds"])).encode()

    def get_fail(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        offload(self._exit)
        return b"never"

    @staticmethod
    def _exit() -> None:
        raise SystemExit("left the pool's thread")

    def get_database(self, environ: dict[str, Any], query: dict[str, str]) -> bytes:
        import psycopg2

        with psycopg2.connect(os.environ["PROBE_DATABASE_URL"]) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", (float(query["seconds"]),))
        connection.close()
        return b"slept"

    def get_stream(self, environ: dict[str, Any], query: dict[str, str]) -> Iterator[bytes]:
        yield b"open\n"
        self.draining.wait(30)
        yield b"reconnect\n"


application = ProbeApp()
