"""Understanding customers' databases."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import database_analysis, ingestion_turns


@celery.task(name=JobName.ANALYZE_DATABASE.value)
def analyze_database(company_id: str, connection_id: str) -> None:
    """One attempt at a database, unless somebody else is at it."""
    with ingestion_turns.others_beside():
        database_analysis.analyze(company_id=UUID(company_id), connection_id=UUID(connection_id))


@celery.task(name=JobName.SWEEP_DATABASES.value)
def sweep_databases() -> None:
    """Finds analyses whose job was lost or whose worker died."""
    database_analysis.requeue_due()
