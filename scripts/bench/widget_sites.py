"""The websites of `scripts/bench/widget`: one plain page with each widget on it, and the npm peers' files."""

import gzip
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli

# Pinned, so that figures of different days are about the same peers.
PEERS = {"deep-chat": "2.4.2", "@n8n/chat": "1.37.0"}
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".ico": "image/x-icon"}
_TYPES = {name: f"{kind}; charset=utf-8" for name, kind in _TYPES.items()}
_ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": lambda content: gzip.compress(content, 9, mtime=0),
    "identity": bytes,
}


@dataclass(frozen=True)
class Widget:
    """A widget on its page. bubble, window and input are expressions of JavaScript that give the node a visitor would
    click, the one that is shown then, and the one that is written in (null until it is there); `hit(node)` is the
    node once it is laid out where a click would reach it. No bubble: the chat is on the page from the start."""

    name: str
    head: str = ""
    body: str = ""
    bubble: str = "null"
    window: str = "null"
    input: str = "null"
    # Whether the visitor is asked who they are before the first question.
    asks_who: bool = False
    # Where its answers appear, as a selector.
    answer: str = ""

    @property
    def has_bubble(self) -> bool:
        return self.bubble != "null"


NOTHING = Widget("page without a widget")


def ours(origin: str, agent_id: str) -> Widget:
    """Frontdesk's widget. Its parts in the page are in a closed shadow root: what is hit is the host element."""
    return Widget(
        "Frontdesk",
        body=f'<script async src="{origin}/widget.js" data-agent-id="{agent_id}"></script>',
        bubble="document.elementFromPoint(innerWidth - 50, innerHeight - 50)?.closest('frontdesk-widget')",
        window="document.elementFromPoint(innerWidth - 200, innerHeight - 300)?.closest('frontdesk-widget')",
        input="hit(document.querySelector('#register input'))",
        asks_who=True,
    )


def deep_chat(files: str) -> Widget:
    """As its documentation puts it on a page; `connect` leads to a server that answers at once."""
    connect = json.dumps({"url": "/answer/deep-chat"})
    chat = "document.querySelector('deep-chat')?.shadowRoot?.querySelector('#text-input')"
    return Widget(
        "deep-chat",
        head=f'<script type="module" src="{files}/deep-chat/dist/deepChat.bundle.js"></script>',
        body=f"<deep-chat connect='{connect}'></deep-chat>",
        input=f"hit({chat})",
        answer="deep-chat",
    )


def n8n_chat(files: str) -> Widget:
    """As its README embeds it from a content delivery network."""
    folder = f"{files}/@n8n/chat/dist"
    return Widget(
        "@n8n/chat",
        head=f"""<link href="{folder}/style.css" rel="stylesheet" />
<script type="module">
  import {{ createChat }} from '{folder}/chat.bundle.es.js';
  createChat({{ webhookUrl: location.origin + '/answer/n8n' }});
</script>""",
        bubble="hit(document.querySelector('.chat-window-toggle'))",
        window="hit(document.querySelector('.chat-window textarea'))",
        input="hit(document.querySelector('.chat-window textarea'))",
        answer=".chat-messages-list",
    )


def page_of(widget: Widget) -> str:
    """The same small page around each widget."""
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{widget.name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body{{font:16px/1.5 sans-serif;margin:2rem;max-width:40rem}}</style>
{widget.head}</head><body><h1>Bicycles</h1><p>Bicycles of all kinds, and people who know them.</p>
{widget.body}</body></html>"""


def install_peers(folder: Path) -> bool:
    """Fetches what is missing of the peers into a folder; False without npm.

    `npm pack` without dependencies: they are in the files that a page embeds, and what @n8n/chat 1.37.0 says it needs
    besides (@n8n/design-system 2.37.0) isn't published.
    """
    npm = shutil.which("npm")
    for name, version in PEERS.items():
        place = folder / name
        if (place / "package.json").is_file():
            continue
        if npm is None:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", "--silent", f"{name}@{version}", "--pack-destination", str(folder)]
        packed = folder / subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
        unpacked = folder / "unpacked"
        with tarfile.open(packed) as archive:
            archive.extractall(unpacked, filter="data")
        place.parent.mkdir(parents=True, exist_ok=True)
        (unpacked / "package").rename(place)
    return True


@dataclass
class Sites:
    """Both origins; `pages` by path. Any name below `localhost` is the loopback for Chromium, and a site of its own."""

    files: Path
    pages: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def files_origin(self) -> str:
        return f"http://files.localhost:{self.port}"

    def add(self, widget: Widget) -> str:
        """Serves a widget's page from now on; its address."""
        path = f"/{len(self.pages)}"
        self.pages[path] = page_of(widget)
        return f"http://shop.localhost:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        sites, path = self.server.sites, urlsplit(self.path).path
        if path in sites.pages:
            self._send(sites.pages[path].encode(), "text/html; charset=utf-8")
            return
        place = (sites.files / path.lstrip("/")).resolve()
        if not (place.is_relative_to(sites.files) and place.is_file()):
            self.send_error(404)
            return
        accepted = self.headers.get("Accept-Encoding", "")
        coding = next(name for name in _ENCODERS if name in accepted or name == "identity")
        self._send(encoded(place, coding), _TYPES.get(place.suffix, "application/octet-stream"), coding)

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if b"loadPreviousSession" in asked:
            answer: Any = {"data": []}
        else:
            answer = {"text": "An answer."} if self.path.endswith("deep-chat") else {"output": "An answer."}
        self._send(json.dumps(answer).encode(), "application/json")

    def _send(self, content: bytes, kind: str, coding: str = "identity") -> None:
        self.send_response(200)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), "Access-Control-Allow-Origin": "*"}
        if coding != "identity":
            headers |= {"Content-Encoding": coding, "Vary": "Accept-Encoding"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@cache
def encoded(place: Path, coding: str) -> bytes:
    """A file as it is sent, compressed as far as the coding goes: once, as a content delivery network does."""
    return _ENCODERS[coding](place.read_bytes())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    sites: Sites

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers leave when they like."""


@contextmanager
def serving(files: Path) -> Iterator[Sites]:
    """Serves pages and files until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.sites = Sites(files.resolve(), port=server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.sites
        server.shutdown()
