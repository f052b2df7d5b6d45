"""Agents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.agent import Agent
from app.models.llm_settings import LlmSettings
from app.repositories import folding
from app.repositories.changes import changed_rows

_LIVE = Agent.deleted_at.is_(None)
# Built once: the first is read at every visit of a page that has the widget.
_GET_ANY = select(Agent).where(Agent.company_id == bindparam("company"), Agent.id == bindparam("wanted"))
_GET = _GET_ANY.where(_LIVE)
_IS_NAMED = LlmSettings.id == bindparam("named")
_IS_ITS_OWN = LlmSettings.agent_id == bindparam("agent")
# In the order of `llm_settings.find_chain`.
_WIDGET = (
    select(LlmSettings.widget_config, LlmSettings.widget_script_url)
    .where(
        LlmSettings.company_id == bindparam("company"),
        _IS_NAMED | _IS_ITS_OWN | (LlmSettings.agent_id.is_(None) & LlmSettings.is_default),
    )
    .order_by(
        _IS_NAMED.is_(True).desc(),
        _IS_ITS_OWN.is_(True).desc(),
        LlmSettings.is_default.desc(),
        LlmSettings.created_at.desc(),
        LlmSettings.id.desc(),
    )
    .limit(1)
)


def add(agent: Agent) -> None:
    """Stores a new agent."""
    session().add(agent)
    session().flush()


def get(*, company_id: UUID, agent_id: UUID, include_deleted: bool = False) -> Agent | None:
    """An agent of the company."""
    statement = _GET_ANY if include_deleted else _GET
    return session().scalars(statement, {"company": company_id, "wanted": agent_id}).first()


def lock(*, company_id: UUID, agent_id: UUID) -> Agent | None:
    """A live agent that gets no new rows (conversations, documents, leads) until the transaction ends."""
    statement = select(Agent).where(Agent.company_id == company_id, Agent.id == agent_id, _LIVE)
    # The stronger of the two row locks: rows that refer to the agent wait.
    return session().scalars(statement.with_for_update()).first()


def find_page(*, company_id: UUID, wanted: PageRequest, status: str | None, search: str) -> Page[Agent]:
    """Live agents, the newest first. `search`, unless empty, finds parts of names and descriptions, whatever the case
    and accents."""
    statement = select(Agent).where(Agent.company_id == company_id, _LIVE)
    if status is not None:
        statement = statement.where(Agent.status == status)
    if search:
        found = folding.contains(Agent.name, search) | folding.contains(Agent.description, search)
        statement = statement.where(found)
    return paginate(statement.order_by(Agent.created_at.desc(), Agent.id.desc()), wanted)


def set_deleted(*, company_id: UUID, agent_id: UUID, at: datetime | None, deletion_id: UUID | None) -> bool:
    """Deletes a live agent (`at` given) or restores a deleted one (`at` None). False when there was none such."""
    state = _LIVE if at else Agent.deleted_at.is_not(None)
    statement = update(Agent).where(Agent.company_id == company_id, Agent.id == agent_id, state)
    return changed_rows(statement.values(deleted_at=at, deletion_id=deletion_id)) == 1


def find_widget(*, company_id: UUID, agent_id: UUID, llm_settings_id: UUID | None) -> tuple[dict[str, Any], str | None]:
    """How the widget looks and where its script is, by the agent's effective settings; empty when it has none."""
    named = {"company": company_id, "agent": agent_id, "named": llm_settings_id}
    found = session().execute(_WIDGET, named).first()
    return (found.widget_config, found.widget_script_url) if found else ({}, None)


def find_identity_secret(*, company_id: UUID, agent_id: UUID) -> str | None:
    """What the company signs its visitors' identities with; None: it has none."""
    statement = select(Agent.identity_secret).where(Agent.company_id == company_id, Agent.id == agent_id, _LIVE)
    return session().scalar(statement)


def set_identity_secret(*, company_id: UUID, agent_id: UUID, secret: str | None, at: datetime | None) -> None:
    """Keeps a new secret, made `at` a moment, or none."""
    statement = update(Agent).where(Agent.company_id == company_id, Agent.id == agent_id)
    session().execute(statement.values(identity_secret=secret, identity_secret_at=at))


def may_use_settings(*, company_id: UUID, settings_id: UUID, agent_id: UUID | None) -> bool:
    """Whether an agent (None: one to be) can name these settings: the company's, or its own."""
    its_own: ColumnElement[bool] = LlmSettings.agent_id.is_(None)
    if agent_id is not None:
        its_own |= LlmSettings.agent_id == agent_id
    statement = select(LlmSettings.id).where(
        LlmSettings.company_id == company_id, LlmSettings.id == settings_id, its_own
    )
    return session().scalar(statement) is not None
