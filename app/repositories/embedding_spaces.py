"""In which space an agent's passages are searched, and the work of moving to another one.

The work has a lease like a document's; the moment when it runs out is also what the worker shows that it is its own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from app.core.transaction import session
from app.models.agent import Agent
from app.models.base import EncryptedText
from app.models.database_connection import DatabaseConnection
from app.repositories.changes import changed_rows

_LIVE = Agent.deleted_at.is_(None)


# Like the rows of `llm_settings.find_chain`, of which only one chain is asked there.
_COLUMNS = """
        s.embedding_api_key, s.embedding_additional_params,
        ep.type AS embedding_type, ep.name AS embedding_provider, em.provider_model_id AS embedding_model,
        coalesce(s.embedding_api_base_url, ep.api_base_url) AS embedding_base_url,
        em.embedding_dimension AS model_dimension, em.context_window AS embedding_window,
        em.input_price AS embedding_price, em.currency AS embedding_currency
"""
_EMBEDDING_SETTINGS = text(
    f"""
    SELECT {_COLUMNS}, coalesce(s.embedding_dimension, em.embedding_dimension) AS embedding_dimension
    FROM llm_settings s
    JOIN providers ep ON ep.company_id = :company AND ep.id = s.embedding_provider_id
    JOIN provider_models em ON em.company_id = :company AND em.id = s.embedding_model_id
    WHERE s.company_id = :company
    ORDER BY ep.status, em.status, s.updated_at DESC
    """  # noqa: S608 - columns by name, nothing from outside
).columns(embedding_api_key=EncryptedText, embedding_additional_params=JSONB)
_OTHER_MODELS = text(
    f"""
    SELECT {_COLUMNS}, cast(:dimension AS integer) AS embedding_dimension
    FROM llm_settings s
    JOIN providers ep ON ep.company_id = :company AND ep.id = s.embedding_provider_id
    JOIN provider_models em ON em.company_id = :company AND em.provider_id = ep.id AND em.type = 'embedding'
    WHERE s.company_id = :company
    ORDER BY ep.status, em.status, s.updated_at DESC
    """  # noqa: S608 - columns by name, nothing from outside
).columns(embedding_api_key=EncryptedText, embedding_additional_params=JSONB)


class DueAgent(NamedTuple):
    """An agent whose vectors have to be made and whom no worker serves."""

    company_id: UUID
    agent_id: UUID


def lock_agent(*, company_id: UUID, agent_id: UUID) -> Agent | None:
    """An agent, deleted or not, whose space nobody else changes until the transaction ends; as it is now."""
    statement = select(Agent).where(Agent.company_id == company_id, Agent.id == agent_id)
    # The weaker of the two row locks: rows that refer to the agent are still added meanwhile.
    locking = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session().scalars(locking).first()


def find_agent_ids(*, company_id: UUID) -> Sequence[UUID]:
    """The company's live agents."""
    return session().scalars(select(Agent.id).where(Agent.company_id == company_id, _LIVE).order_by(Agent.id)).all()


def find_embedding_settings(*, company_id: UUID) -> Sequence[Row[Any]]:
    """The embedding model of each of the company's settings, those that can be chosen first."""
    return session().execute(_EMBEDDING_SETTINGS, {"company": company_id}).all()


def find_models_within_reach(*, company_id: UUID, dimension: int) -> Sequence[Row[Any]]:
    """Every embedding model of the providers that the company's settings embed with, asked for vectors of `dimension`
    where the settings say, with their key."""
    return session().execute(_OTHER_MODELS, {"company": company_id, "dimension": dimension}).all()


def set_spaces(*, company_id: UUID, agent_id: UUID, values: dict[str, Any]) -> None:
    """Sets `embedding_space`, `next_embedding_space`, `embedding_due_at` or `document_languages`."""
    statement = update(Agent).where(Agent.company_id == company_id, Agent.id == agent_id)
    # `updated_at` is for what people change.
    changed_rows(statement.values(**values, updated_at=Agent.updated_at))


def claim(*, company_id: UUID, agent_id: UUID, at: datetime, until: datetime) -> Agent | None:
    """Takes an agent's vectors for this worker; None when there is nothing to do or another one is at it."""
    statement = (
        update(Agent)
        .where(Agent.company_id == company_id, Agent.id == agent_id, _LIVE, Agent.embedding_due_at <= at)
        .values(embedding_due_at=until, updated_at=Agent.updated_at)
        .returning(Agent)
    )
    return session().scalars(statement, execution_options={"populate_existing": True}).first()


def renew(*, company_id: UUID, agent_id: UUID, lease: datetime, until: datetime | None) -> bool:
    """Prolongs a lease, or ends it with None; False when it isn't this worker's any more."""
    statement = update(Agent).where(
        Agent.company_id == company_id, Agent.id == agent_id, _LIVE, Agent.embedding_due_at == lease
    )
    return changed_rows(statement.values(embedding_due_at=until, updated_at=Agent.updated_at)) == 1


def move_across_companies(*, before: str, after: str, at: datetime) -> None:
    """Has the vectors of all agents that are in the space `before`, and on their way to no other, made in `after`; and
    those of connections that are in it, in their agent's."""
    statement = update(Agent).where(Agent.embedding_space == before, Agent.next_embedding_space.is_(None))
    values = {"next_embedding_space": after, "embedding_due_at": at, "updated_at": Agent.updated_at}
    changed_rows(statement.values(values))
    behind = select(DatabaseConnection.agent_id).where(*_is_left_in(before))
    statement = update(Agent).where(Agent.id.in_(behind), Agent.embedding_due_at.is_(None), _LIVE)
    changed_rows(statement.values(embedding_due_at=at, updated_at=Agent.updated_at))


def is_used_across_companies(space: str) -> bool:
    """Whether a live agent or connection is in a space, or an agent on its way there."""
    in_it = or_(Agent.embedding_space == space, Agent.next_embedding_space == space)
    of_agents = select(Agent.id).where(in_it, _LIVE).exists()
    of_connections = select(DatabaseConnection.id).where(*_is_left_in(space)).exists()
    return bool(session().scalar(select(or_(of_agents, of_connections))))


def _is_left_in(space: str) -> tuple[ColumnElement[bool], ...]:
    return DatabaseConnection.embedding_space == space, DatabaseConnection.deleted_at.is_(None)


def find_waiting_across_companies(at: datetime) -> DueAgent | None:
    """The live agent that has waited longest for its vectors, of those whose company has none being served."""
    in_work = select(Agent.company_id).where(Agent.embedding_due_at > at, _LIVE)
    statement = (
        select(Agent.company_id, Agent.id)
        .where(Agent.embedding_due_at <= at, _LIVE, Agent.company_id.not_in(in_work))
        .order_by(Agent.embedding_due_at, Agent.id)
        .limit(1)
    )
    found = session().execute(statement).first()
    return DueAgent(*found) if found else None


def find_due_across_companies(at: datetime, limit: int) -> list[DueAgent]:
    """Agents whose vectors have to be made and whose message was lost or whose worker died."""
    statement = (
        select(Agent.company_id, Agent.id)
        .where(Agent.embedding_due_at <= at, _LIVE)
        .order_by(Agent.embedding_due_at)
        .limit(limit)
    )
    return [DueAgent(*row) for row in session().execute(statement)]
