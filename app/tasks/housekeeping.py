"""Forgetting of what has expired."""

from app.extensions import celery
from app.jobs import JobName
from app.services import housekeeping


@celery.task(name=JobName.PURGE_EXPIRED.value)
def purge_expired() -> None:
    """Deletes expired sessions, tokens, answers, old usage records and old events."""
    housekeeping.purge_expired()
