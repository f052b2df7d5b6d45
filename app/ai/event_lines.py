"""The events of a streamed answer, read cheaply: the vendors' clients parse each of them into pydantic models, which
costs several times what the rest of it does."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress

import httpx2

from app.ai.deadlines import Clock
from app.ai.wire import WIRE_ERRORS

_LONGEST_LINE = 1 << 20
_LONGEST_ANSWER = 32 << 20


class EventStreamError(Exception):
    """What the server sends isn't a stream of events that we would read."""


def read_events(response: httpx2.Response) -> Generator[bytes]:
    """The `data` of each event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    For vendors that put each event's JSON on one line. Raises `EventStreamError` and `WIRE_ERRORS`.
    """
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    # Reading the stream itself skips three layers of generators, a fifth of the cost of a chunk.
    blocks = response.iter_bytes() if encoded else iter(response.stream)  # type: ignore[arg-type]
    with closing(response):
        for line in _lines(blocks):
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    pending_bytes = total = 0
    for block in blocks:
        total += len(block)
        *complete, rest = block.split(b"\n")
        if complete:
            complete[0] = b"".join([*pending, complete[0]])
            pending, pending_bytes = [], 0
            yield from complete
        if rest:
            pending.append(rest)
            pending_bytes += len(rest)
        if pending_bytes > _LONGEST_LINE or total > _LONGEST_ANSWER:
            raise EventStreamError("the server sent more than any answer is long")
    if pending:
        yield b"".join(pending)


def read_to_end(events: Iterator[bytes], clock: Clock) -> None:
    """Reads what is left after the answer: only a connection that was read to its end can be used again."""
    clock.answer_complete()
    with suppress(EventStreamError, *WIRE_ERRORS):
        for _event in events:
            pass


def read_body(response: httpx2.Response) -> bytes:
    """The whole body of an answer that isn't a stream."""
    parts: list[bytes] = []
    total = 0
    with closing(response):
        for part in response.iter_bytes():
            parts.append(part)
            total += len(part)
            if total > _LONGEST_ANSWER:
                raise EventStreamError("the server sent more than any answer is long")
    return b"".join(parts)
