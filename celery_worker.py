"""The worker process: `celery -A celery_worker worker|beat`."""

import dataclasses
import os
from typing import Any

from celery.signals import worker_process_init, worker_shutting_down

from app import create_app
from app.config import Settings
from app.core import engine
from app.extensions import celery
from app.services import ingestion_turns, turn_leases, webhook_delivery
from app.tasks import (
    analytics,
    company,
    conversation,
    database,
    document,
    heartbeat,
    housekeeping,
    mail,
    warm_up,
    webhook,
)

__all__ = [
    "analytics",
    "application",
    "celery",
    "company",
    "conversation",
    "database",
    "document",
    "heartbeat",
    "housekeeping",
    "mail",
    "warm_up",
    "webhook",
]

# Nobody waits for an answer on the line, and hundreds of turns share the connections: better late than never.
_POOL_TIMEOUT_SECONDS = 30.0
# Processes that take documents apart leave the CPU to those that somebody waits for.
_GIVES_WAY = 10

application = create_app(
    dataclasses.replace(Settings.from_env(), database_pool_timeout_seconds=_POOL_TIMEOUT_SECONDS), web=False
)
ingestion_turns.bind(application.app_context)


@worker_shutting_down.connect
def _hand_over(**_: Any) -> None:
    turn_leases.stop()
    webhook_delivery.stop()


@worker_process_init.connect
def _after_fork(**_: Any) -> None:
    with application.app_context():
        engine.forget_connections()
    os.nice(_GIVES_WAY)
