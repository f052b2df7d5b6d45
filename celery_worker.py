"""The worker process: `celery -A celery_worker worker|beat`."""

from app import create_app
from app.extensions import celery
from app.tasks import heartbeat, housekeeping, mail

__all__ = ["application", "celery", "heartbeat", "housekeeping", "mail"]

application = create_app()
