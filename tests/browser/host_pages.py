"""Pages of companies' websites: served from origins and sites that are not the installation's."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """What is answered under an address."""

    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


class HostPages:
    """`add` gives the address of a new page. Chromium takes every name below `localhost` for the loopback, each name a
    site of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Page] = {}
        self._numbers = count(1)

    def add(self, html: str, *, host: str = "shop.localhost", headers: Mapping[str, str] | None = None) -> str:
        """Serves a page from now on; its address."""
        path = f"/{next(self._numbers)}"
        self.pages[path] = Page(html, headers or {})
        return f"http://{host}:{self.port}{path}"

    def origin(self, host: str = "shop.localhost") -> str:
        """The origin of pages on a host."""
        return f"http://{host}:{self.port}"


def script_tag(origin: str, agent_id: str, **attributes: str) -> str:
    """The tag that a company pastes: `script_tag(origin, agent, color="#123456", teaser_delay="1")`."""
    named = {"agent-id": agent_id, **{name.replace("_", "-"): value for name, value in attributes.items()}}
    shown = "".join(f' data-{name}="{escape(value)}"' for name, value in named.items())
    return f'<script async src="{origin}/widget.js"{shown}></script>'


def document(tag: str, *, head: str = "", body: str = "<p>Bicycles of all kinds.</p>", html: str = 'lang="en"') -> str:
    """A small website with the widget on it."""
    return (
        f'<!doctype html><html {html}><head><meta charset="utf-8"><title>Shop</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,">{head}</head>'
        f'<body><h1>Shop</h1><a href="#top" id="first-link">First link</a>{body}{tag}</body></html>'
    )


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = self.server.hosts.pages.get(urlsplit(self.path).path)
        content = page.html.encode() if page else b"not here"
        self.send_response(200 if page else 404)
        headers = {"Content-Type": "text/html; charset=utf-8", **(page.headers if page else {})}
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hosts: HostPages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers leave when they like."""


@contextmanager
def serving_pages() -> Iterator[HostPages]:
    """Serves until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hosts = HostPages(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.hosts
        server.shutdown()
