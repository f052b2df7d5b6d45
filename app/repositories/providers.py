"""Providers of models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, union_all
from sqlalchemy.dialects.postgresql import insert

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.company import Company
from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.repositories.changes import changed_rows

_GET = select(Provider).where(Provider.company_id == bindparam("company"), Provider.id == bindparam("wanted"))
_PAGE = Listing(
    select(Provider).where(Provider.company_id == bindparam("company")).order_by(func.lower(Provider.name), Provider.id)
)


def lock(*, company_id: UUID) -> None:
    """Makes others who lock the company's providers and settings wait until the transaction ends, so that what was
    checked stays true."""
    # The weaker of the two row locks: rows that refer to the company are still added meanwhile.
    session().execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))


def get(*, company_id: UUID, provider_id: UUID) -> Provider | None:
    """A provider of the company."""
    return session().scalars(_GET, {"company": company_id, "wanted": provider_id}).first()


def find_page(*, company_id: UUID, wanted: PageRequest) -> Page[Provider]:
    """A page of the company's providers, by name."""
    return _PAGE.page(wanted, {"company": company_id})


def find_by_ids(*, company_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Provider]:
    """Those of the providers that are the company's, by id."""
    statement = select(Provider).where(Provider.company_id == company_id, Provider.id.in_(set(ids)))
    return {provider.id: provider for provider in session().scalars(statement)}


def find_by_names(*, company_id: UUID, names: Iterable[str]) -> dict[str, Provider]:
    """The company's providers of these names, by name in lower case."""
    lower = func.lower(Provider.name)
    wanted = {name.lower() for name in names}
    statement = select(Provider).where(Provider.company_id == company_id, lower.in_(wanted))
    return {provider.name.lower(): provider for provider in session().scalars(statement)}


def add(*, company_id: UUID, values: Mapping[str, Any]) -> Provider | None:
    """A new provider; None when there is one by its name."""
    statement = insert(Provider).values(company_id=company_id, **values).on_conflict_do_nothing().returning(Provider)
    return session().scalars(statement).first()


def is_taken(*, company_id: UUID, name: str, except_id: UUID) -> bool:
    """Whether another provider of the company has the name, whatever its case."""
    statement = select(Provider.id).where(
        Provider.company_id == company_id, func.lower(Provider.name) == name.lower(), Provider.id != except_id
    )
    return session().scalar(statement.limit(1)) is not None


def store(rows: Iterable[Any]) -> None:
    """Stores new providers and models, and what was changed on others."""
    session().add_all(rows)
    session().flush()


def remove(*, company_id: UUID, provider_id: UUID) -> bool:
    """Deletes a provider with its models. False when there was none."""
    return changed_rows(delete(Provider).where(Provider.company_id == company_id, Provider.id == provider_id)) == 1


def count_settings(*, company_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many settings use each of these providers, for chats or embeddings; those that none uses are left out."""
    chat, embedding = LlmSettings.llm_provider_id, LlmSettings.embedding_provider_id
    own = LlmSettings.company_id == company_id
    # A UNION without ALL: settings that use a provider for both count once.
    uses = (
        select(LlmSettings.id.label("settings"), chat.label("used"))
        .where(own, chat.in_(ids))
        .union(select(LlmSettings.id, embedding).where(own, embedding.in_(ids)))
        .subquery()
    )
    statement = select(uses.c.used, func.count()).group_by(uses.c.used)
    return {used: count for used, count in session().execute(statement)}  # noqa: C416 - rows are no pairs for mypy


def find_with_keys(*, company_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the providers that the company has a key for, in some of its settings."""
    own = LlmSettings.company_id == company_id
    chat, embedding = LlmSettings.llm_provider_id, LlmSettings.embedding_provider_id
    statement = union_all(
        select(chat).where(own, chat.in_(ids), LlmSettings.llm_api_key.is_not(None)),
        select(embedding).where(own, embedding.in_(ids), LlmSettings.embedding_api_key.is_not(None)),
    )
    return set(session().scalars(statement))


def count_travelling_keys(*, company_id: UUID, provider_id: UUID) -> int:
    """How many settings send a key to wherever the provider's own address is."""
    to_provider = (
        (LlmSettings.llm_provider_id == provider_id)
        & LlmSettings.llm_api_key.is_not(None)
        & LlmSettings.llm_api_base_url.is_(None)
    ) | (
        (LlmSettings.embedding_provider_id == provider_id)
        & LlmSettings.embedding_api_key.is_not(None)
        & LlmSettings.embedding_api_base_url.is_(None)
    )
    statement = select(func.count()).select_from(LlmSettings).where(LlmSettings.company_id == company_id, to_provider)
    return session().scalar(statement) or 0
