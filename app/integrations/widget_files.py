"""The widget's files as browsers get them: read from `app/widget`, minified, hashed and compressed once per process.

There is no build step: the first request builds. The panel's modules are sent as one script: one request instead of a
dozen, and what they have in common is compressed once.
"""

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from zopfli.gzip import compress as zopfli

from app.config import Environment
from app.core.offload import offload
from app.core.settings import PROJECT, settings
from app.integrations import minifying

FOLDER = PROJECT / "app" / "widget"
JAVASCRIPT, CSS = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
# The module that the panel's page starts; the others are what it imports.
ENTRY = "panel.js"
# The script of the page that stands for a panel when there is no such agent.
GONE = "gone.js"
_IMPORT = re.compile(r"^import [^;]*? from '\./([\w-]+\.js)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True)
class ServedFile:
    """One file as it is sent. `etag` is a hash of its content."""

    name: str
    content: bytes
    content_type: str
    etag: str
    # By the names of the codings in Accept-Encoding.
    encoded: Mapping[str, bytes]


@dataclass(frozen=True)
class Bundle:
    """All files of one state of the sources. `version` is one hash over the panel's files, part of their addresses."""

    version: str
    loader: ServedFile | None
    panel: Mapping[str, ServedFile] = field(default_factory=dict)
    # Texts of the panel by language, as in `languages/es.json`.
    languages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def styles(self) -> list[str]:
        """The panel's style sheets."""
        return sorted(name for name in self.panel if name.endswith(".css"))


class WidgetFiles:
    """The bundle of a folder, built when it is first asked for. With `watching`, and in development, changed sources
    are noticed."""

    def __init__(self, folder: Path = FOLDER, *, watching: bool = False) -> None:
        self._folder = folder
        self._watching = watching
        self._lock = threading.Lock()
        self._built: Bundle | None = None
        self._state: object = None

    def bundle(self) -> Bundle:
        """The present bundle."""
        watching = self._watching or settings().environment is Environment.DEVELOPMENT
        state = _state_of(self._folder) if watching else None
        built = self._built
        if built is not None and state == self._state:
            return built
        with self._lock:
            if self._built is None or state != self._state:
                self._built, self._state = build(self._folder), state
            return self._built


def build(folder: Path) -> Bundle:
    """Reads and prepares whatever of the widget is in the folder."""
    sources = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("panel/*.css"))}
    if (folder / "panel" / ENTRY).is_file():
        sources[ENTRY] = join(folder / "panel")
    for name in (GONE, "loader.js"):
        if (folder / name).is_file():
            sources[name] = (folder / name).read_text("utf-8")
    kinds = [minifying.CSS if name.endswith(".css") else minifying.JAVASCRIPT for name in sources]
    small = minifying.minify(list(zip(kinds, sources.values(), strict=True)))
    panel = {name: _serve(name, content) for name, content in zip(sources, small, strict=True)}
    loader = panel.pop("loader.js", None)
    digest = hashlib.sha256()
    for name, served in panel.items():
        digest.update(f"{name}\0{served.etag}\0".encode())
    return Bundle(
        version=digest.hexdigest()[:16],
        loader=loader,
        panel=panel,
        languages={path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("languages/*.json"))},
    )


def join(folder: Path) -> str:
    """The modules of a folder as one, each before those that import it. They import by name and from one another
    alone, and have no names in common."""
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name in texts:
            return
        texts[name] = ""
        source = (folder / name).read_text("utf-8")
        for imported in _IMPORT.findall(source):
            add(imported)
        del texts[name]  # to its place, after what it imports
        texts[name] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(ENTRY)
    # In a function, for a minifier only shortens names that nobody else can see.
    return "(() => {\n" + "".join(texts.values()) + "})();\n"


def encode(content: bytes, *, best: bool) -> dict[str, bytes]:
    """The content in every coding that we send. `best` takes a hundred times as long: for what is sent many times."""
    if best:
        # Zopfli finds a shorter gzip stream, by 3 %.
        return {"br": brotli.compress(content, quality=11), "gzip": zopfli(content)}
    return {"br": brotli.compress(content, quality=4), "gzip": gzip.compress(content, compresslevel=6, mtime=0)}


def _serve(name: str, text: str) -> ServedFile:
    content = text.encode()
    return ServedFile(
        name=name,
        content=content,
        content_type=CSS if name.endswith(".css") else JAVASCRIPT,
        etag=hashlib.sha256(content).hexdigest()[:32],
        encoded=offload(_encode_well, content),
    )


def _encode_well(content: bytes) -> dict[str, bytes]:
    return encode(content, best=True)


def _state_of(folder: Path) -> object:
    paths = [folder / "loader.js", folder / GONE, *folder.glob("panel/*"), *folder.glob("languages/*.json")]
    return {path: (status.st_mtime_ns, status.st_size) for path in paths if path.exists() and (status := path.stat())}


widget_files = WidgetFiles()
