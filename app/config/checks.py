"""Which settings can be used together."""

import dataclasses
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.config.values import SettingsError, variable

if TYPE_CHECKING:
    from app.config.settings import Settings

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Everywhere else 0 would mean something that nobody wants: no limit at all, or a loop without a pause.
_MAY_BE_ZERO = {"database_most_cost", "trusted_proxies", "login_lock_seconds", "audit_retention_days"}
_SHORTEST_AUDIT_DAYS = 30
# By name or by unit. Moments that no calendar has can't be computed; the others would shut everybody out.
_MOST = {
    "days": 36_500,
    "hours": 876_000,
    "minutes": 52_560_000,
    "seconds": 3_000_000_000,
    "password_min_length": 64,
    "evidence_floor": 1.0,
}


def check(settings: "Settings") -> None:
    """Raises `SettingsError` for the first that can't be."""
    if not settings.secret_keys or any(len(key) < 32 for key in settings.secret_keys):
        raise SettingsError("SECRET_KEYS needs at least one key of 32 characters or more.")
    if not (settings.database_url or settings.database_runtime_url):
        raise SettingsError("Set DATABASE_RUNTIME_URL (web and workers) or DATABASE_URL (the owner).")
    for name in ("database_url", "database_runtime_url"):
        url = getattr(settings, name)
        if url and urlsplit(url).scheme not in {"postgresql", "postgres", "postgresql+psycopg2"}:
            raise SettingsError(f"{variable(name)} must start with postgresql://.")
    if urlsplit(settings.redis_url).scheme not in {"redis", "rediss"}:
        raise SettingsError("REDIS_URL must start with redis:// or rediss://.")
    if urlsplit(settings.mail_url).scheme not in {"smtp", "smtps", "folder"}:
        raise SettingsError("MAIL_URL must start with smtp://, smtps:// or folder:.")
    if settings.log_level not in _LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL must be {', '.join(_LOG_LEVELS)}.")
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            _check_number(each.name, value)
    if 0 < settings.audit_retention_days < _SHORTEST_AUDIT_DAYS:
        raise SettingsError(f"AUDIT_RETENTION_DAYS must be 0, or {_SHORTEST_AUDIT_DAYS} or more.")
    if settings.production:
        _check_production(settings)


def _check_number(name: str, value: float) -> None:
    most = _MOST.get(name, _MOST.get(name.rpartition("_")[2], float("inf")))
    if value > most:
        raise SettingsError(f"{variable(name)} must be {most} or less.")
    least = 0 if name in _MAY_BE_ZERO else 1 if isinstance(value, int) else sys.float_info.min
    if not least <= value < float("inf"):  # the other way round NaN would pass
        raise SettingsError(f"{variable(name)} must be {'0 or more' if least == 0 else 'more than 0'}.")


def _check_production(settings: "Settings") -> None:
    if settings.mail_url.startswith("folder"):
        raise SettingsError("MAIL_URL must name an SMTP server in production.")
    if not settings.public_url.startswith("https://"):
        raise SettingsError("PUBLIC_URL must start with https:// in production.")
