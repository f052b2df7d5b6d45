"""Recording of authenticated calls, without slowing the call: appended to a buffer, written in batches.

A process that is killed loses what it has not flushed yet (at most `USAGE_FLUSH_SECONDS` of records); one that stops
in order writes the rest. While Postgres is away the buffer fills up to `USAGE_BUFFER_SIZE`.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from prometheus_client import Counter
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.repositories import api_requests
from app.repositories.api_requests import CallRecord

log = logging.getLogger(__name__)

_BATCH = 1_000
_dropped = Counter("frontdesk_usage_records_dropped", "Usage records given up because Postgres was away too long.")


class _Buffer:
    """The records of this process, and the thread that writes them (a green one in a green process)."""

    def __init__(self) -> None:
        self.records: deque[CallRecord] = deque()
        self.context: Callable[[], AbstractContextManager[Any]] | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def append(self, record: CallRecord) -> None:
        if len(self.records) >= settings().usage_buffer_size:
            self.records.popleft()
            _dropped.inc()
        self.records.append(record)
        if self._pid != os.getpid():
            self._start()

    def flush(self) -> int:
        """Writes everything that is buffered; returns how many records. What can't be written now stays."""
        written = 0
        with self._lock:
            while self.records:
                batch = [self.records.popleft() for _ in range(min(_BATCH, len(self.records)))]
                try:
                    written += _write(batch)
                except SQLAlchemyError as error:
                    self.records.extendleft(reversed(batch))
                    log.warning("usage records wait for the database", extra={"reason": type(error).__name__})
                    return written
        return written

    def _start(self) -> None:
        # Started at the first record and not at import: a thread doesn't survive the fork of a web worker.
        self._pid = os.getpid()
        threading.Thread(target=self._run, name="usage", daemon=True).start()
        atexit.register(self._flush_in_context)

    def _run(self) -> None:
        while True:
            time.sleep(settings().usage_flush_seconds)
            self._flush_in_context()

    def _flush_in_context(self) -> None:
        if self.context is None:
            return
        try:
            with self.context():
                self.flush()
        except Exception:
            log.exception("usage records not written")


def _write(batch: Sequence[CallRecord]) -> int:
    """Writes records together; when the database refuses one of them, each by itself. Returns how many."""
    try:
        with transaction(), across_companies("calls of all companies are written together"):
            api_requests.add_all_across_companies(batch)
    except (DataError, IntegrityError, ProgrammingError):
        if len(batch) > 1:
            return sum(_write([record]) for record in batch)
        log.exception("a usage record was refused by the database")
        _dropped.inc()
        return 0
    return len(batch)


_buffer = _Buffer()
record = _buffer.append
flush = _buffer.flush
discard = _buffer.records.clear


def bind(context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Gives the writing thread the application context in which it may use the database."""
    _buffer.context = context
