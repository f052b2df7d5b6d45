"""Making documents searchable."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import embedding_spaces, ingestion, ingestion_turns


@celery.task(name=JobName.INGEST_DOCUMENT.value)
def ingest_document(company_id: str, document_id: str) -> None:
    """One attempt at a document, unless somebody else is at it; companies take turns."""
    ingestion_turns.take(company_id=UUID(company_id), document_id=UUID(document_id))


@celery.task(name=JobName.EMBED_AGENT.value)
def embed_agent(company_id: str, agent_id: str) -> None:
    """Makes the vectors that an agent's passages lack."""
    with ingestion_turns.others_beside():
        embedding_spaces.build(company_id=UUID(company_id), agent_id=UUID(agent_id))


@celery.task(name=JobName.SWEEP_DOCUMENTS.value)
def sweep_documents() -> None:
    """Finds documents whose job was lost or whose worker died."""
    ingestion.requeue_due()


@celery.task(name=JobName.SWEEP_AGENTS.value)
def sweep_agents() -> None:
    """The same of agents whose vectors are to be made."""
    embedding_spaces.requeue_due()
