"""The text of a file, read in a process of its own (see `extractor`) with limits on memory and time."""

import contextlib
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import orjson

from app.ingest.blocks import Block, full_text
from app.ingest.detect import Kind
from app.ingest.errors import Broken, EmptyDocument, IngestError, TimedOut, TooLarge, by_code
from app.ingest.limits import Limits

log = logging.getLogger(__name__)

# `app` itself would bring the whole application along, which takes two seconds.
_START = """\
import sys, types
app = types.ModuleType("app")
app.__path__ = [sys.argv.pop(1)]
sys.modules["app"] = app
from app.ingest.extractor import main
main()
"""
_APP = Path(__file__).resolve().parents[1]
_TICK_SECONDS = 1.0
_PAUSE_SECONDS = 0.25
_ENDING_SECONDS = 10.0
_READ_BYTES = 262_144
# What runtimes say on standard error before they abort for want of memory.
_NO_MEMORY = (b"memory allocation of", b"MemoryError", b"bad_alloc", b"out of memory", b"annot allocate memory")


Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Extracted:
    """A document's text. `pages` is None where the format has none; `pages_without_text` counts scanned ones."""

    blocks: tuple[Block, ...]
    title: str | None = None
    pages: int | None = None
    pages_without_text: int = 0
    peak_memory_bytes: int = 0

    @cached_property
    def full_text(self) -> str:
        """The whole text, which offsets of chunks refer to."""
        return full_text(self.blocks)


def extract(
    path: Path, kind: Kind, limits: Limits, *, charset: str | None = None, on_progress: Progress | None = None
) -> Extracted:
    """Reads a file; raises an `IngestError`.

    `on_progress(done, total)` is called about four times a second while pages (slides, sheets, rows) come in, and
    every second while none do: use it as heartbeat. What it raises stops the reading and comes out of here.
    """
    size = path.stat().st_size
    if not size:
        raise EmptyDocument
    if size > limits.max_bytes:
        raise TooLarge(f"The document has {size:,} bytes; {limits.max_bytes:,} are allowed.")
    asked = {"path": str(path.resolve()), "kind": kind, "charset": charset, "limits": asdict(limits)}
    answer = _Answer(on_progress or (lambda _done, _total: None))
    with tempfile.TemporaryFile() as said, _started(asked, said) as process:
        try:
            for line in _lines(process, time.monotonic() + limits.max_seconds, answer.beat):
                answer.take(line)
            status = process.wait(timeout=_ENDING_SECONDS)
        except (TimedOut, subprocess.TimeoutExpired):
            raise limits.out_of_time() from None
        said.seek(0)
        return answer.finished(status, said.read(65_536), limits)


class _Answer:
    """What the extractor has said so far."""

    def __init__(self, on_progress: Progress) -> None:
        self._on_progress = on_progress
        self._told_at = 0.0
        self._done, self._total = 0, None
        self._blocks: list[Block] = []
        self._facts: dict[str, Any] = {}
        self._error: IngestError | None = None

    def beat(self) -> None:
        """Tells the caller how far we are."""
        self._told_at = time.monotonic()
        self._on_progress(self._done, self._total)

    def take(self, line: bytes) -> None:
        """Understands one line."""
        word, *values = orjson.loads(line)
        if word == "block":
            text, page, heading_path, is_heading = values
            self._blocks.append(Block(text, page, self._path(heading_path), is_heading))
        elif word == "progress":
            self._done, self._total = values
            if self._done == self._total or time.monotonic() - self._told_at > _PAUSE_SECONDS:
                self.beat()
        elif word == "pages":
            self._facts["pages"], self._facts["pages_without_text"] = values
        elif word == "error":
            self._error = by_code().get(values[0], Broken)(values[1])
        else:
            self._facts["peak_memory_bytes" if word == "done" else word] = values[0]

    def finished(self, status: int, said: bytes, limits: Limits) -> Extracted:
        """Everything; raises the error that the process ended with, in whatever way."""
        if self._error:
            raise self._error
        if "peak_memory_bytes" not in self._facts:
            raise _end_of(status, said, limits)
        return Extracted(tuple(self._blocks), **self._facts)

    def _path(self, names: list[str]) -> tuple[str, ...]:
        # Thousands of blocks stand under the same headings.
        path = tuple(names)
        last = self._blocks[-1].heading_path if self._blocks else ()
        return last if last == path else path


@contextlib.contextmanager
def _started(asked: dict[str, Any], said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, one JSON argument, no shell
        [sys.executable, "-I", "-X", "utf8", "-c", _START, str(_APP), orjson.dumps(asked).decode()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=said,
        env=_environment(),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()


def _environment() -> dict[str, str]:
    """None of our secrets; one thread, for each would count against the limit of address space."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


def _lines(process: subprocess.Popen[bytes], until: float, on_idle: Callable[[], None]) -> Iterator[bytes]:
    """Lines of standard output to its end; raises `TimedOut`. Calls `on_idle` whenever a second passes in silence."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe, see `_started`
    file = process.stdout.fileno()
    rest: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise TimedOut
            if not selector.select(min(left, _TICK_SECONDS)):
                on_idle()
                continue
            piece = os.read(file, _READ_BYTES)
            if not piece:
                return
            *ended, begun = piece.split(b"\n")
            for line in ended:
                yield b"".join([*rest, line])
                rest = []
            rest.append(begun)


def _end_of(status: int, said: bytes, limits: Limits) -> IngestError:
    """Why a process ended that said nothing about it."""
    if any(words in said for words in _NO_MEMORY) or status == -signal.SIGKILL:
        return limits.out_of_memory()
    if status in {-signal.SIGXCPU, -signal.SIGALRM}:
        return limits.out_of_time()
    log.warning("an extractor crashed", extra={"status": status, "said": said[-2000:].decode(errors="replace")})
    # Native code that gets no memory crashes in many ways.
    return Broken("The document made its reader crash: it is damaged, or too complex to be read.")
