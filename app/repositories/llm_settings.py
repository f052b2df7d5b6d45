"""Settings: which models a company or an agent uses."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.agent import Agent
from app.models.base import EncryptedText
from app.models.llm_settings import LlmSettings
from app.repositories.changes import changed_rows

LONGEST_CHAIN = 3  # settings that one falls back to, itself not counted

# Text, because it runs at every message: SQLAlchemy takes longer to look at a statement of this size than Postgres to
# answer it. Rows come in the order in which they are asked, the effective settings first.
_CHAIN = text(
    """
    WITH RECURSIVE chosen AS (
        SELECT s.id
        FROM llm_settings s
        LEFT JOIN agents a ON a.company_id = :company AND a.id = :agent
        WHERE s.company_id = :company
          AND (s.id = a.llm_settings_id OR s.agent_id = :agent OR (s.agent_id IS NULL AND s.is_default))
        ORDER BY (s.id = a.llm_settings_id) IS TRUE DESC, (s.agent_id = :agent) IS TRUE DESC, s.is_default DESC,
            s.created_at DESC, s.id DESC
        LIMIT 1
    ), chain AS (
        SELECT s.*, ARRAY[s.id] AS asked
        FROM llm_settings s JOIN chosen ON chosen.id = s.id
        WHERE s.company_id = :company
        UNION ALL
        SELECT s.*, chain.asked || s.id
        FROM llm_settings s JOIN chain ON s.id = chain.fallback_settings_id
        WHERE s.company_id = :company AND s.id <> ALL (chain.asked) AND cardinality(chain.asked) <= :longest
    )
    SELECT chain.id AS settings_id,
        chain.llm_api_key, chain.llm_temperature, chain.llm_max_tokens, chain.llm_additional_params,
        lp.type AS llm_type, lp.name AS llm_provider, lm.provider_model_id AS llm_model,
        coalesce(chain.llm_api_base_url, lp.api_base_url) AS llm_base_url,
        lm.input_price, lm.output_price, lm.currency,
        lp.status = 'active' AND lm.status = 'active' AS llm_active,
        chain.embedding_api_key, chain.embedding_additional_params,
        ep.type AS embedding_type, ep.name AS embedding_provider, em.provider_model_id AS embedding_model,
        coalesce(chain.embedding_api_base_url, ep.api_base_url) AS embedding_base_url,
        coalesce(chain.embedding_dimension, em.embedding_dimension) AS embedding_dimension,
        em.embedding_dimension AS model_dimension, em.context_window AS embedding_window,
        em.input_price AS embedding_price, em.currency AS embedding_currency,
        ep.status = 'active' AND em.status = 'active' AS embedding_active
    FROM chain
    JOIN providers lp ON lp.company_id = :company AND lp.id = chain.llm_provider_id
    JOIN provider_models lm ON lm.company_id = :company AND lm.id = chain.llm_model_id
    JOIN providers ep ON ep.company_id = :company AND ep.id = chain.embedding_provider_id
    JOIN provider_models em ON em.company_id = :company AND em.id = chain.embedding_model_id
    ORDER BY cardinality(chain.asked)
    """
).columns(
    settings_id=Uuid,
    llm_api_key=EncryptedText,
    llm_additional_params=JSONB,
    embedding_api_key=EncryptedText,
    embedding_additional_params=JSONB,
)


def find_chain(*, company_id: UUID, agent_id: UUID) -> Sequence[Row[Any]]:
    """The settings that an agent works with and those they fall back to, each with its models, in order: the ones
    that the agent names, else its own (the default one, else the newest), else the company's default."""
    return session().execute(_CHAIN, {"company": company_id, "agent": agent_id, "longest": LONGEST_CHAIN}).all()


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
    """Deletes settings. Agents that name them and settings that fall back to them go on without."""
    statement = delete(LlmSettings).where(LlmSettings.company_id == company_id, LlmSettings.id == settings_id)
    return changed_rows(statement) == 1
