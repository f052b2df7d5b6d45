"""Plain text: paragraphs are what empty lines part."""

import re

from app.ingest.readers.decoding import decode
from app.ingest.sink import Sink
from app.ingest.source import Source

_GAP = re.compile(r"\n[^\S\n]*\n\s*?(?=\S|$)")


def read(source: Source, sink: Sink) -> None:
    """Never fails: what can't be decoded is replaced."""
    text = decode(source.path.read_bytes(), declared=source.charset).replace("\r\n", "\n").replace("\r", "\n")
    for paragraph in _GAP.split(text):
        sink.text(paragraph)
