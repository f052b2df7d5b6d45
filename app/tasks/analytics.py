"""Figures of the analytics."""

from app.extensions import celery
from app.jobs import JobName
from app.services import rollups


@celery.task(name=JobName.REFRESH_ROLLUPS.value)
def refresh_rollups() -> None:
    """Counts again what has changed."""
    rollups.refresh_all()
