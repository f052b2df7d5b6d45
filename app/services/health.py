"""Whether this installation can do its work: Postgres, its migrations, Redis and the workers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.core.transaction import transaction
from app.extensions import redis_extension
from app.jobs import Queue
from app.repositories import health

# A worker that hasn't been heard of for this long is taken for dead.
WORKER_SILENCE_SECONDS = 30
_WORKER_KEY = "frontdesk:worker:{queue}:{name}"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `detail` says what to do when it is not well."""

    name: str
    ok: bool
    detail: str
    milliseconds: float


def check_all() -> list[Check]:
    """Looks at everything; never raises."""
    return [
        _timed("postgres", _postgres),
        _timed("migrations", _migrations),
        _timed("redis", _redis),
        _timed("workers", _workers),
    ]


def note_worker(name: str, queues: list[str]) -> None:
    """A worker says that it lives."""
    for queue in queues:
        key = _WORKER_KEY.format(queue=queue, name=name)
        redis_extension.client.set(key, int(time.time()), ex=WORKER_SILENCE_SECONDS)


def _timed(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    started = time.perf_counter()
    try:
        ok, detail = look()
    except (SQLAlchemyError, RedisError, OSError) as error:
        ok, detail = False, f"not reachable ({type(error).__name__})"
    return Check(name, ok, detail, round((time.perf_counter() - started) * 1000, 1))


def _postgres() -> tuple[bool, str]:
    with transaction():
        if health.runtime_role_is_bound():
            return True, "answers, and row-level security binds our role"
        return False, "our role can bypass row-level security: connect as the runtime role"


def _migrations() -> tuple[bool, str]:
    with transaction():
        present, wanted = health.migration(), _head()
    if present == wanted:
        return True, f"at {present}"
    return False, f"at {present}, this version needs {wanted}: run `flask --app app prepare`"


def _redis() -> tuple[bool, str]:
    redis_extension.client.ping()
    return True, "answers"


def _workers() -> tuple[bool, str]:
    missing = [
        queue.value
        for queue in Queue
        if next(redis_extension.client.scan_iter(_WORKER_KEY.format(queue=queue, name="*"), count=1000), None) is None
    ]
    if missing:
        # Events for other programs wait in Postgres: no reason to turn visitors away.
        return set(missing) <= {Queue.WEBHOOKS}, f"no worker for the queue {', '.join(missing)}"
    return True, "every queue has a worker"


@cache
def _head() -> str | None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - workers import this module, and never look

    folder = Path(__file__).resolve().parents[2] / "migrations"
    return ScriptDirectory(str(folder)).get_current_head()
