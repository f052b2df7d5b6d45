"""Signs of life of a worker: a thread gives them while the work lasts, however long one step of it takes.

A lease that only the work itself renews has to be longer than its longest step, and for so long nobody goes on with
what a killed worker leaves behind.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

# How long work is a worker's own after the last sign.
LIFE = timedelta(seconds=15)
_SECONDS = 4.0


class _Context:
    enter: Callable[[], AbstractContextManager[Any]]


def bind(context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Gives signs in this application context."""
    _Context.enter = staticmethod(context)


@contextmanager
def given(renew: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, calls `renew` every few seconds in a thread of its own, until that answers that the work is
    not this worker's any more."""
    over = threading.Event()
    thread = threading.Thread(target=_give, args=(over, renew), name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _give(over: threading.Event, renew: Callable[[], bool]) -> None:
    ours = True
    while ours and not over.wait(_SECONDS):
        try:
            with _Context.enter():
                ours = renew()
        except SQLAlchemyError as error:  # Postgres is away, or somebody else's lock is on the row: the next one may do
            log.warning("no sign of life given", extra={"reason": type(error).__name__})
