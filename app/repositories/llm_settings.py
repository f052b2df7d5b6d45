"""Settings: which models a company or an agent uses."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select, text, update

from app.core.crypto import keyring
from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.agent import Agent
from app.models.llm_settings import LlmSettings
from app.repositories.changes import changed_rows

# Settings with their models, by the names of `frontdesk_model_chain`'s columns.
SettingsRow = Row[Any] | SimpleNamespace

LONGEST_CHAIN = 3  # settings that one falls back to, itself not counted

# A function, for it runs for every message and Postgres plans it four times as long as it runs it (migration 0017).
_CHAIN = text("SELECT * FROM frontdesk_model_chain(:company, :agent, :longest)")


def find_chain(*, company_id: UUID, agent_id: UUID) -> list[SettingsRow]:
    """The settings that an agent works with and those they fall back to, each with its models, in order: the ones
    that the agent names, else its own (the default one, else the newest), else the company's default."""
    found = session().execute(_CHAIN, {"company": company_id, "agent": agent_id, "longest": LONGEST_CHAIN})
    return [opened(row) for row in found]


def opened(row: Row[Any]) -> SettingsRow:
    """A row of `frontdesk_model_chain`, its keys decrypted."""
    values = dict(row._mapping)
    for name in ("llm_api_key", "embedding_api_key"):
        values[name] = None if values[name] is None else keyring().decrypt(values[name])
    return SimpleNamespace(**values)


_OWN = select(LlmSettings).where(LlmSettings.company_id == bindparam("company"))
_NEWEST = (LlmSettings.is_default.desc(), LlmSettings.created_at.desc(), LlmSettings.id.desc())
_GET = _OWN.where(LlmSettings.id == bindparam("wanted"))
_OF_COMPANY = Listing(_OWN.where(LlmSettings.agent_id.is_(None)).order_by(*_NEWEST))
_OF_AGENT = Listing(_OWN.where(LlmSettings.agent_id == bindparam("agent")).order_by(*_NEWEST))


def get(*, company_id: UUID, settings_id: UUID) -> LlmSettings | None:
    """Settings of the company or of one of its agents."""
    return session().scalars(_GET, {"company": company_id, "wanted": settings_id}).first()


def find_page_of_company(*, company_id: UUID, wanted: PageRequest) -> Page[LlmSettings]:
    """A page of the settings that no agent has to itself: the default ones, then the newest first."""
    return _OF_COMPANY.page(wanted, {"company": company_id})


def find_page_of_agent(*, company_id: UUID, agent_id: UUID, wanted: PageRequest) -> Page[LlmSettings]:
    """A page of an agent's own settings: the default ones, then the newest first."""
    return _OF_AGENT.page(wanted, {"company": company_id, "agent": agent_id})


def find_fallbacks(*, company_id: UUID) -> dict[UUID, UUID | None]:
    """What each of the company's settings falls back to, by id."""
    statement = select(LlmSettings.id, LlmSettings.fallback_settings_id).where(LlmSettings.company_id == company_id)
    return {row.id: row.fallback_settings_id for row in session().execute(statement)}


def has_agent(*, company_id: UUID, agent_id: UUID) -> bool:
    """Whether the company has such an agent, not deleted."""
    statement = select(Agent.id).where(Agent.company_id == company_id, Agent.id == agent_id, Agent.deleted_at.is_(None))
    return session().scalar(statement) is not None


def store(settings: LlmSettings) -> None:
    """Stores new settings, and what was changed on others."""
    session().add(settings)
    session().flush()


def clear_default(*, company_id: UUID, agent_id: UUID | None, except_id: UUID) -> None:
    """Leaves the agent (the company: None) without default settings, but for one, so that it can become them."""
    of_agent = LlmSettings.agent_id.is_(None) if agent_id is None else LlmSettings.agent_id == agent_id
    statement = update(LlmSettings).where(
        LlmSettings.company_id == company_id, of_agent, LlmSettings.is_default, LlmSettings.id != except_id
    )
    session().execute(statement.values(is_default=False))


def remove(*, company_id: UUID, settings_id: UUID) -> bool:
    """Deletes settings. Agents that name them go on without."""
    statement = delete(LlmSettings).where(LlmSettings.company_id == company_id, LlmSettings.id == settings_id)
    return changed_rows(statement) == 1
