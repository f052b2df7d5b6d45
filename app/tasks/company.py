"""Deleting what belongs to companies, and bringing it back."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import company_deletion


@celery.task(name=JobName.CASCADE_COMPANY.value)
def cascade_company(company_id: str, deletion_id: str) -> None:
    """Goes on with a deletion or a way back, unless somebody else does."""
    company_deletion.work(UUID(company_id), UUID(deletion_id))


@celery.task(name=JobName.SWEEP_COMPANIES.value)
def sweep_companies() -> None:
    """Finds deletions whose job was lost or whose worker died."""
    company_deletion.requeue_due()
