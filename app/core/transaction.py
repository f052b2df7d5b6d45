"""One transaction around each entry (a request, a task, a command); jobs and events leave after the commit.

This is the only place of the project that commits.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.db import db
from app.errors import AppError

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_DEPTH = "transaction_depth"
_SINGLE = "single_statement"
_AFTER = "after_commit"
_BEFORE = "before_commit"


def session() -> Session:
    """The session of the running transaction."""
    return db.session()


def is_single_statement() -> bool:
    """Whether the running transaction is one of `single_statement`."""
    return _SINGLE in session().info


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
    current.info[_BEFORE] = {}
    refusal: AppError | None = None
    try:
        try:
            yield current
        except AppError as error:
            if not error.keeps_writes:
                raise
            refusal = error
        _finish(current)
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


@contextmanager
def single_statement() -> Iterator[Session]:
    """A transaction of the one statement that the block executes, in one turn to Postgres instead of at least three:
    Postgres begins and commits it by itself. What it commits stays, whatever the block raises afterwards.

    The statement has to enter its company itself (`app.core.tenancy.entering`); nothing can be noted for after the
    commit. Inside a running transaction it joins that one.
    """
    current = session()
    if current.info.get(_DEPTH):
        yield current
        return
    current.info[_DEPTH] = current.info[_SINGLE] = 1
    try:
        # Not SQLAlchemy's isolation level AUTOCOMMIT: setting and resetting that asks Postgres.
        connection: Any = current.connection().connection.dbapi_connection
        connection.autocommit = True
        try:
            yield current
        finally:
            if not connection.closed:
                connection.autocommit = False
    finally:
        current.info.clear()
        current.close()


def after_commit(action: Callable[[], object]) -> None:
    """Notes `action` for the moment after the commit. A rollback forgets it; its own failure is only logged, since
    what it announces is stored and found again by a sweep."""
    noted = session().info.get(_AFTER)
    if noted is None:
        raise RuntimeError("after_commit() needs a running transaction()")
    noted.append(action)


def before_commit(action: Callable[[list[Item]], object], item: Item) -> None:
    """Notes `item` for the end of the transaction, where `action` gets all that were noted for it, still inside. A
    rollback forgets it.

    For what takes a lock that many wait for: taken last, it is held for a moment, and nothing is waited for meanwhile.
    """
    noted = session().info.get(_BEFORE)
    if noted is None:
        raise RuntimeError("before_commit() needs a running transaction()")
    noted.setdefault(action, []).append(item)


def _finish(current: Session) -> None:
    if noted := current.info[_BEFORE]:
        current.flush()  # while the company is entered whose rows these are
        for action, items in noted.items():
            action(items)


def _run_all(actions: list[Callable[[], object]]) -> None:
    for action in actions:
        try:
            action()
        except Exception:
            log.exception("an action noted for after the commit failed; the sweep will find its work again")
