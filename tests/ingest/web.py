"""A web server on this machine that behaves as it is told."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any


class Web:
    """`pages` maps a path to what is answered; `asked` keeps the headers of every request."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], object]] = {}
        self.asked: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """An address of this server."""
        return f"{scheme}://{host}:{self.port}{path}"

    def page(self, path: str, content: bytes = b"hello", status: int = 200, **headers: str) -> str:
        """Answers with a content; underscores in names of headers are dashes. Returns the address."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)

        self.pages[path] = answer
        return self.url(path)

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """Sends somebody elsewhere."""
        return self.page(path, b"gone", status, Location=to)

    def bomb(self, path: str, size: int) -> str:
        """A small answer that unpacks to `size` bytes."""
        return self.page(path, gzip.compress(bytes(size)), Content_Encoding="gzip")

    def drip(self, path: str, *, headers: bool) -> str:
        """A byte every twentieth of a second, for ever."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            begun = b"HTTP/1.1 200 OK\r\nX: " if headers else b"HTTP/1.1 200 OK\r\n\r\n"
            request.wfile.write(begun)
            for _beat in range(100):
                request.wfile.write(b"x")
                time.sleep(0.05)

        self.pages[path] = answer
        return self.url(path)


@contextmanager
def serving(context: SSLContext | None = None) -> Iterator[Web]:
    """Serves until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append(dict(self.headers))
            try:
                web.pages[self.path](self)
            except KeyError:
                self.send_error(404)
            except OSError:
                self.close_connection = True

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            if context:
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            return connection, address

        def handle_error(self, *_arguments: Any) -> None:
            """A client that hangs up is what the tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    web = Web(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tls(certificate: str, key: str) -> SSLContext:
    """A server's side of TLS."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
