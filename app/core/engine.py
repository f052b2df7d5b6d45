"""How processes connect to Postgres."""

from typing import Any

from app.config import Settings
from app.core.pool import PatientPool
from app.db import db


def engine_options(settings: Settings) -> dict[str, Any]:
    """Options of the SQLAlchemy engine: a bounded pool, and limits that the server itself enforces.

    A greenlet that gives up leaves its query running, so every connection carries its own statement time-out.
    """
    server = (
        f"-c statement_timeout={settings.database_statement_timeout_ms}"
        f" -c idle_in_transaction_session_timeout={settings.database_statement_timeout_ms * 2}"
        " -c timezone=UTC"
    )
    return {
        "poolclass": PatientPool,
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        # Few connections do most of the work, and Postgres keeps in each what it has planned.
        "pool_use_lifo": True,
        "pool_timeout": settings.database_pool_timeout_seconds,
        "pool_recycle": 1800,
        # An error that is logged with its parameters would put hashes and people's data into the log.
        "hide_parameters": True,
        "connect_args": {
            "application_name": "frontdesk",
            "options": server,
            "keepalives_idle": 30,
            "tcp_user_timeout": settings.database_statement_timeout_ms * 2,
        },
    }


def forget_connections() -> None:
    """In a forked process: drops the parent's connections without closing them, so that the two never speak over one.
    Needs an application context."""
    for engine in db.engines.values():
        engine.dispose(close=False)
