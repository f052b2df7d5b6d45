"""The process that reads one file: started by `extract`, limited by itself, answers in lines of JSON.

Parsers of foreign files are where memory runs out, loops don't end and native code crashes. Here that costs one
process and no more. The process gets no environment and no open file but its three streams.

Every line is a list: `["title", text]`, `["pages", count, without_text]`, `["progress", done, total]`,
`["block", text, page, heading_path, is_heading]`, and at the end `["done", peak_memory_bytes]` or
`["error", code, detail]`.
"""

import importlib
import re
import resource
import signal
import sys
from pathlib import Path

import orjson

from app.ingest.blocks import Block
from app.ingest.detect import Kind
from app.ingest.errors import Broken, IngestError, NoText
from app.ingest.limits import Limits
from app.ingest.sink import BlockSink
from app.ingest.source import Source

_FLUSH_BYTES = 65_536
READERS = {
    Kind.PDF: "pdf",
    Kind.DOCX: "docx",
    Kind.PPTX: "pptx",
    Kind.ODT: "odt",
    Kind.EPUB: "epub",
    Kind.XLSX: "sheets",
    Kind.ODS: "sheets",
    Kind.CSV: "csv",
    Kind.HTML: "html",
    Kind.MARKDOWN: "markdown",
    Kind.TEXT: "text",
}


class _StreamSink(BlockSink):
    """Writes what readers find to standard output."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(max_characters=limits.max_characters)
        self._titled = False
        self._waiting: list[bytes] = []
        self._size = 0

    def emit(self, block: Block) -> None:
        self._write("block", block.text, block.page, block.heading_path, block.is_heading)

    def title(self, text: str) -> None:
        if text.strip() and not self._titled:
            self._titled = True
            self._write("title", " ".join(text.split())[:300])

    def pages(self, count: int, *, without_text: int = 0) -> None:
        self._write("pages", count, without_text)

    def progress(self, done: int, total: int | None) -> None:
        self._write("progress", done, total)
        self.flush()

    def end(self) -> None:
        self._write("done", _peak_bytes())
        self.flush()

    def error(self, error: IngestError) -> None:
        self._write("error", error.code, error.detail)
        self.flush()

    def flush(self) -> None:
        sys.stdout.buffer.write(b"".join(self._waiting))
        sys.stdout.buffer.flush()
        self._waiting, self._size = [], 0

    def _write(self, *line: object) -> None:
        self._waiting.append(orjson.dumps(line) + b"\n")
        self._size += len(self._waiting[-1])
        if self._size > _FLUSH_BYTES:
            self.flush()


def main() -> None:
    """Reads the file that the first argument, a JSON object, describes: `path`, `kind`, `charset`, `limits`."""
    asked = orjson.loads(sys.argv[1])
    path, limits = Path(asked["path"]), Limits(**asked["limits"])
    _limit(limits)
    sink = _StreamSink(limits)
    try:
        _read(Source(path=path, kind=Kind(asked["kind"]), limits=limits, charset=asked["charset"]), sink)
        sink.end()
    except IngestError as error:
        sink.error(error)
    except MemoryError:
        sink.error(limits.out_of_memory())
    except RecursionError:
        sink.error(Broken("The document is nested too deeply."))


def _limit(limits: Limits) -> None:
    # For a parent that was killed and can't end us any more.
    signal.alarm(int(limits.max_seconds) + 10)
    for kind, amount in ((resource.RLIMIT_AS, limits.max_memory_bytes), (resource.RLIMIT_CPU, limits.max_seconds + 10)):
        try:
            resource.setrlimit(kind, (int(amount), int(amount)))
        except (ValueError, OSError):
            # macOS knows no limit of address space; the parent's clock still holds.
            continue


def _read(source: Source, sink: _StreamSink) -> None:
    # Only the one that is needed: some bring 60 MB and a fifth of a second along.
    importlib.import_module(f"app.ingest.readers.{READERS[source.kind]}").read(source, sink)
    if not sink.has_text:
        raise NoText


def _peak_bytes() -> int:
    try:
        # getrusage would give the peak of the worker that we were forked from.
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
