"""How much of everything a company has now. Each figure is one statement that an index serves."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.transaction import session

_TOTALS = text(
    """
    SELECT
        (SELECT count(*) FROM agents WHERE company_id = :company AND deleted_at IS NULL) AS agents,
        (SELECT count(*) FROM agents WHERE company_id = :company AND deleted_at IS NULL AND status = 'active')
            AS active_agents,
        (SELECT count(*) FROM conversations WHERE company_id = :company AND deleted_at IS NULL) AS conversations,
        (SELECT count(*) FROM leads WHERE company_id = :company AND deleted_at IS NULL) AS leads,
        (SELECT count(*) FROM users WHERE company_id = :company AND deleted_at IS NULL) AS users,
        (SELECT count(*) FROM api_keys WHERE company_id = :company AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())) AS api_keys
    """
)
_DOCUMENTS = text(
    "SELECT status, count(*) AS total, sum(chunk_count)::bigint AS chunks, "
    "coalesce(sum(size_bytes), 0)::bigint AS bytes FROM documents WHERE company_id = :company AND deleted_at IS NULL "
    "AND (CAST(:agent AS uuid) IS NULL OR agent_id = :agent) GROUP BY 1 ORDER BY 1"
)
_AGENTS = text("SELECT id, name, status, deleted_at, created_at FROM agents WHERE company_id = :company")


def totals(*, company_id: UUID) -> Row[Any]:
    """Live (agents, active_agents, conversations, leads, users, api_keys)."""
    return session().execute(_TOTALS, {"company": company_id}).one()


def documents(*, company_id: UUID, agent_id: UUID | None = None) -> list[Row[Any]]:
    """Live documents of the company or of one agent, by status: (status, total, chunks, bytes)."""
    return list(session().execute(_DOCUMENTS, {"company": company_id, "agent": agent_id}))


def agents(*, company_id: UUID) -> list[Row[Any]]:
    """All agents, deleted ones too: (id, name, status, deleted_at, created_at)."""
    return list(session().execute(_AGENTS, {"company": company_id}))
