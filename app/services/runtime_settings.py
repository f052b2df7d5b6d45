"""Settings that super admins change while everything runs, brought to every process.

Postgres has them. A version in Redis tells each process within seconds that there is something new; while Redis is
away they look into Postgres itself, less often. Nobody waits for any of it: what can't be read now is read later.
"""

import logging
import time
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.config import SettingsError, runtime_names
from app.core import settings as current_settings
from app.core import tenancy
from app.core.transaction import transaction
from app.extensions import redis_extension
from app.repositories import config_entries

log = logging.getLogger(__name__)

_KEY = "frontdesk:config:version"
_LOOK_SECONDS = 2.0
# How long at most something stays unnoticed whose announcement was lost.
_TRUST_SECONDS = 60.0
_WITHOUT_REDIS_SECONDS = 10.0
_WITHOUT_POSTGRES_SECONDS = 10.0


class _Watch:
    """What this process knows, and when it looks again."""

    version: bytes | None
    look_at: float
    read_at: float

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.version = None
        self.look_at = self.read_at = float("-inf")


_watch = _Watch()


def keep_current() -> None:
    """Looks now and then whether there is something new. Called before each request and each task, outside of any
    transaction."""
    moment = time.monotonic()
    if moment < _watch.look_at:
        return
    _watch.look_at = moment + _LOOK_SECONDS  # before the others of this process come here, too
    version = _version()
    if version == _watch.version and moment < _watch.read_at:
        return
    try:
        _read()
    except SQLAlchemyError as error:
        log.warning("settings could not be read, the last ones hold", extra={"reason": type(error).__name__})
        _watch.look_at = moment + _WITHOUT_POSTGRES_SECONDS
        return
    _watch.version = version
    _watch.read_at = moment + (_WITHOUT_REDIS_SECONDS if version is None else _TRUST_SECONDS)


def announce() -> None:
    """Tells all processes that something has changed; after the commit."""
    _watch.reset()
    try:
        redis_extension.client.incr(_KEY)
    except (RedisError, OSError) as error:
        redis_extension.rest()
        log.warning("others will notice the changed settings later", extra={"reason": str(error)})


def forget() -> None:
    """Goes back to what was given at start, until the next look."""
    _watch.reset()
    current_settings.override({})


def _version() -> bytes | None:
    if redis_extension.resting:
        return None
    try:
        version: Any = redis_extension.client.get(_KEY)
    except (RedisError, OSError):
        redis_extension.rest()
        return None
    return version or b""


def _read() -> None:
    with transaction():
        tenancy.enter_company(None)
        known = runtime_names()
        stored = {each.key: each.value for each in config_entries.find_all(company_id=None) if each.key in known}
    try:
        current_settings.override(stored)
    except SettingsError:
        current_settings.override(_usable(stored))


def _usable(stored: dict[str, Any]) -> dict[str, Any]:
    """Without what this version can't take any more."""
    usable: dict[str, Any] = {}
    for name, value in stored.items():
        try:
            current_settings.override({**usable, name: value})
            usable[name] = value
        except SettingsError as error:
            log.error("a stored setting is left out", extra={"setting": name, "reason": str(error)})
    return usable
