"""Figures of the analytics, and system metrics."""

from uuid import UUID

from app.core.ids import PLATFORM
from app.extensions import celery
from app.jobs import JobName
from app.services import rollups, system_metrics


@celery.task(name=JobName.REFRESH_ROLLUPS.value)
def refresh_rollups() -> None:
    """Counts again what has changed."""
    rollups.refresh_all()


@celery.task(name=JobName.COLLECT_SYSTEM_METRICS.value)
def collect_system_metrics(company_id: str) -> None:
    """Measures one company, or the platform."""
    wanted = UUID(company_id)
    system_metrics.collect_again(None if wanted == PLATFORM else wanted)


@celery.task(name=JobName.COLLECT_ALL_SYSTEM_METRICS.value)
def collect_all_system_metrics() -> None:
    """Measures the platform and every company that does something."""
    system_metrics.collect_all()
