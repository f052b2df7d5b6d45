"""System metrics: what Postgres and the tables say of themselves, and the collections that are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text

from app.core.transaction import session
from app.models.system_metric import SystemMetric
from app.repositories.changes import changed_rows
from app.repositories.ownership import owned_by

_POSTGRES = text(
    """
    SELECT pg_database_size(current_database()) AS database_bytes, d.numbackends AS connections,
        current_setting('max_connections')::int AS max_connections, d.xact_commit AS commits,
        d.xact_rollback AS rollbacks, d.deadlocks, d.temp_bytes,
        round(d.blks_hit / nullif(d.blks_hit + d.blks_read, 0)::numeric, 4)::float AS cache_hit_rate,
        (SELECT count(*) FROM rollup_marks WHERE span = 'quarter') AS rollup_marks
    FROM pg_stat_database d WHERE d.datname = current_database()
    """
)
# For one company; for all of them where `:company` is null.
_OF = "(CAST(:company AS uuid) IS NULL OR company_id = :company)"
_WORK = text(
    f"""
    SELECT
        (SELECT count(*) FROM turns WHERE {_OF} AND status IN ('queued', 'processing')) AS unfinished_turns,
        (SELECT count(*) FROM documents WHERE {_OF} AND status IN ('uploaded', 'processing')
            AND deleted_at IS NULL) AS waiting_documents,
        (SELECT count(*) FROM turns WHERE {_OF} AND created_at >= :since) AS turns,
        (SELECT count(*) FROM turns WHERE {_OF} AND created_at >= :since AND status = 'failed') AS failed_turns,
        (SELECT count(*) FROM api_requests WHERE {_OF} AND created_at >= :since) AS api_requests,
        (SELECT count(*) FROM api_requests WHERE {_OF} AND created_at >= :since AND status >= 500)
            AS failed_api_requests
    """  # noqa: S608 - our own words
)
_PROVIDERS = text(
    f"""
    SELECT provider, model, count(*) AS calls, count(*) FILTER (WHERE outcome <> 'ok') AS failed,
        round(avg(total_ms) FILTER (WHERE outcome = 'ok'), 1)::float AS mean_ms, max(created_at) AS last_at
    FROM model_calls WHERE {_OF} AND created_at >= :since GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """  # noqa: S608 - our own words
)
_STORAGE = text(
    """
    SELECT count(*) AS documents, coalesce(sum(size_bytes), 0)::bigint AS bytes,
        coalesce(sum(chunk_count), 0)::bigint AS chunks
    FROM documents WHERE company_id = :company AND deleted_at IS NULL
    """
)
_BUSY = text(
    """
    SELECT company_id FROM api_requests WHERE created_at >= :since AND company_id IS NOT NULL
    UNION SELECT company_id FROM turns WHERE status IN ('queued', 'processing')
    """
)


def add(metric: SystemMetric) -> None:
    """Keeps a collection."""
    session().add(metric)
    session().flush()


def find_newest(*, company_id: UUID | None, most: int) -> Sequence[SystemMetric]:
    """The newest collections of a company, or (None) of the platform."""
    newest = (SystemMetric.created_at.desc(), SystemMetric.id.desc())
    statement = select(SystemMetric).where(owned_by(SystemMetric, company_id)).order_by(*newest).limit(most)
    return session().scalars(statement).all()


def delete_before_across_companies(moment: datetime) -> int:
    """Forgets old collections; returns how many."""
    return changed_rows(delete(SystemMetric).where(SystemMetric.created_at < moment))


def busy_companies_across_companies(*, since: datetime) -> Sequence[UUID]:
    """Companies that called the API since a moment, or wait for answers."""
    return session().scalars(_BUSY, {"since": since}).all()


def postgres_across_companies() -> Row[Any]:
    """What Postgres says of itself, and how much is to be counted again."""
    return session().execute(_POSTGRES).one()


def work(*, company_id: UUID | None, since: datetime) -> Row[Any]:
    """What waits now and what was done since a moment, of a company or (None) of all."""
    return session().execute(_WORK, {"company": company_id, "since": since}).one()


def providers(*, company_id: UUID | None, since: datetime) -> Sequence[Row[Any]]:
    """(provider, model, calls, failed, mean_ms, last_at) since a moment, of a company or (None) of all."""
    return session().execute(_PROVIDERS, {"company": company_id, "since": since}).all()


def storage(*, company_id: UUID) -> Row[Any]:
    """(documents, bytes, chunks) that a company has."""
    return session().execute(_STORAGE, {"company": company_id}).one()
