"""One transaction around each entry (a request, a task, a command); jobs and events leave after the commit.

This is the only place of the project that commits.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.db import db
from app.errors import AppError

log = logging.getLogger(__name__)

_DEPTH = "transaction_depth"
_AFTER = "after_commit"


def session() -> Session:
    """The session of the running transaction."""
    return db.session()


@contextmanager
def transaction() -> Iterator[Session]:
    """Commits when the block ends, rolls back when it raises, then runs what was noted for after the commit.

    Inside a running transaction it joins that one. An error whose class says `keeps_writes` commits what led to it.
    """
    current = session()
    if current.info.get(_DEPTH):
        yield current
        return
    current.info[_DEPTH] = 1
    current.info[_AFTER] = []
    refusal: AppError | None = None
    try:
        try:
            yield current
        except AppError as error:
            if not error.keeps_writes:
                raise
            refusal = error
        current.commit()
    except BaseException:
        current.info[_AFTER] = []
        current.rollback()
        raise
    finally:
        noted = current.info.get(_AFTER, [])
        current.info.clear()
        current.close()
        _run_all(noted)
    if refusal is not None:
        raise refusal


def after_commit(action: Callable[[], object]) -> None:
    """Notes `action` for the moment after the commit. A rollback forgets it; its own failure is only logged, since
    what it announces is stored and found again by a sweep."""
    noted = session().info.get(_AFTER)
    if noted is None:
        raise RuntimeError("after_commit() needs a running transaction()")
    noted.append(action)


def _run_all(actions: list[Callable[[], object]]) -> None:
    for action in actions:
        try:
            action()
        except Exception:
            log.exception("an action noted for after the commit failed; the sweep will find its work again")
