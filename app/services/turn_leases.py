"""The leases of the turns that this process works on: renewed by one thread, all in one statement."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core.clock import now
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.repositories import turns
from app.repositories.turns import Claim

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The turn isn't ours any more: it was deleted, or another worker has it."""


class ShuttingDown(Exception):
    """This process is about to stop; whoever takes the turn begins anew."""


class Lease:
    """Says whether a turn is still ours."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.lost = False

    def check(self) -> None:
        """Raises `LeaseLost` or `ShuttingDown`; asked at every piece of an answer."""
        if self.lost:
            raise LeaseLost
        if _keeper.stopping:
            raise ShuttingDown


class _Keeper:
    def __init__(self) -> None:
        self.context: Callable[[], AbstractContextManager[Any]] | None = None
        self.stopping = False
        self._held: dict[UUID, Lease] = {}
        self._lock = threading.Lock()
        self._pid = 0

    def add(self, lease: Lease) -> None:
        with self._lock:
            self._held[lease.claim.turn_id] = lease
            if self._pid != os.getpid():  # a thread doesn't survive a fork
                self._pid = os.getpid()
                threading.Thread(target=self._run, name="turn leases", daemon=True).start()

    def count(self) -> int:
        return len(self._held)

    def remove(self, lease: Lease) -> None:
        with self._lock:
            if self._held.get(lease.claim.turn_id) is lease:
                del self._held[lease.claim.turn_id]

    def _run(self) -> None:
        while True:
            time.sleep(settings().turn_lease_seconds / 4)
            try:
                self._renew()
            except SQLAlchemyError as error:
                log.warning("leases not renewed", extra={"reason": type(error).__name__})

    def _renew(self) -> None:
        with self._lock:
            held = dict(self._held)
        if not held or self.context is None:
            return
        mine = {turn_id: lease.claim.attempt for turn_id, lease in held.items()}
        with self.context(), transaction(), across_companies("a worker renews the leases of all its turns"):
            kept = turns.renew_across_companies(mine, due_at=now() + lease_time())
        for turn_id, lease in held.items():
            lease.lost = lease.lost or turn_id not in kept


_keeper = _Keeper()


def bind(context: Callable[[], AbstractContextManager[Any]]) -> None:
    """Renews in this application context."""
    _keeper.context = context


def stop() -> None:
    """From now on running turns are handed over."""
    _keeper.stopping = True


def is_stopping() -> bool:
    """Whether this process hands its turns over."""
    return _keeper.stopping


def count() -> int:
    """On how many turns this process works."""
    return _keeper.count()


def lease_time() -> timedelta:
    """How long a turn is ours without a renewal."""
    return timedelta(seconds=settings().turn_lease_seconds)


@contextmanager
def held(claim: Claim) -> Iterator[Lease]:
    """Keeps a claimed turn ours while the block runs."""
    lease = Lease(claim)
    _keeper.add(lease)
    try:
        yield lease
    finally:
        _keeper.remove(lease)
