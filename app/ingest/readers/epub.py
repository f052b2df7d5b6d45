"""Books (EPUB 3, https://www.w3.org/TR/epub-33/): the pages of the spine, one after the other."""

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from app.ingest import archive
from app.ingest.errors import Broken, Encrypted
from app.ingest.readers import html_walk
from app.ingest.readers.decoding import decode
from app.ingest.sink import Sink
from app.ingest.source import Source

_CONTAINER = "META-INF/container.xml"
_OPF = "{http://www.idpf.org/2007/opf}"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def read(source: Source, sink: Sink) -> None:
    """Raises `Broken`, `Encrypted` (copy protection), `ExpandsTooMuch`."""
    with archive.opened(source) as package:
        if "META-INF/rights.xml" in package.NameToInfo:
            raise Encrypted("The book is copy-protected and can't be read.")
        folder, book = _book(package)
        sink.title(next((each.text or "" for each in book.iter(_TITLE)), ""))
        chapters = _spine(book)
        for number, target in enumerate(chapters, 1):
            name = posixpath.normpath(posixpath.join(folder, unquote(target)))
            if name in package.NameToInfo:
                html_walk.read_whole(decode(package.read(name)), sink)
            sink.progress(number, len(chapters))


def _book(package: zipfile.ZipFile) -> tuple[str, Any]:
    container = archive.tree(package, _CONTAINER)
    paths = [] if container is None else [each.get("full-path") for each in container.iter("{*}rootfile")]
    book = archive.tree(package, paths[0]) if paths and paths[0] else None
    if book is None:
        raise Broken("The book lacks its table of contents.")
    return posixpath.dirname(paths[0]), book


def _spine(book: Any) -> list[str]:
    targets = {each.get("id"): each.get("href") for each in book.iter(f"{_OPF}item") if each.get("href")}
    return [targets[each.get("idref")] for each in book.iter(f"{_OPF}itemref") if each.get("idref") in targets]
