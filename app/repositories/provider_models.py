"""Models of providers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.paging import Listing, Page, PageRequest
from app.core.transaction import session
from app.models.llm_settings import LlmSettings
from app.models.provider_model import ProviderModel
from app.repositories.changes import changed_rows

_ORDER = (ProviderModel.type, func.lower(ProviderModel.name), ProviderModel.id)
_OF_PROVIDER = select(ProviderModel).where(
    ProviderModel.company_id == bindparam("company"), ProviderModel.provider_id == bindparam("provider")
)
_GET = _OF_PROVIDER.where(ProviderModel.id == bindparam("wanted"))
_PAGE = Listing(_OF_PROVIDER.order_by(*_ORDER))


def get(*, company_id: UUID, provider_id: UUID, model_id: UUID) -> ProviderModel | None:
    """A model of one of the company's providers."""
    return session().scalars(_GET, {"company": company_id, "provider": provider_id, "wanted": model_id}).first()


def find_page(*, company_id: UUID, provider_id: UUID, wanted: PageRequest) -> Page[ProviderModel]:
    """A page of a provider's models, chat models first, by name."""
    return _PAGE.page(wanted, {"company": company_id, "provider": provider_id})


def find_by_ids(*, company_id: UUID, ids: Iterable[UUID]) -> dict[UUID, ProviderModel]:
    """Those of the models that are the company's, by id."""
    statement = select(ProviderModel).where(ProviderModel.company_id == company_id, ProviderModel.id.in_(set(ids)))
    return {model.id: model for model in session().scalars(statement)}


def find_by_providers(*, company_id: UUID, provider_ids: Sequence[UUID]) -> Sequence[ProviderModel]:
    """All models of several providers, chat models first, by name."""
    statement = select(ProviderModel).where(
        ProviderModel.company_id == company_id, ProviderModel.provider_id.in_(provider_ids)
    )
    return session().scalars(statement.order_by(*_ORDER)).all()


def add(*, company_id: UUID, values: Mapping[str, Any]) -> ProviderModel | None:
    """A new model; None when the provider has one of its type by its id."""
    statement = insert(ProviderModel).values(company_id=company_id, **values).on_conflict_do_nothing()
    return session().scalars(statement.returning(ProviderModel)).first()


def is_taken(*, company_id: UUID, provider_id: UUID, provider_model_id: str, kind: str, except_id: UUID) -> bool:
    """Whether another model of the provider has the id and type."""
    statement = select(ProviderModel.id).where(
        ProviderModel.company_id == company_id,
        ProviderModel.provider_id == provider_id,
        ProviderModel.provider_model_id == provider_model_id,
        ProviderModel.type == kind,
        ProviderModel.id != except_id,
    )
    return session().scalar(statement.limit(1)) is not None


def remove(*, company_id: UUID, model_id: UUID) -> bool:
    """Deletes a model. False when there was none."""
    statement = delete(ProviderModel).where(ProviderModel.company_id == company_id, ProviderModel.id == model_id)
    return changed_rows(statement) == 1


def count_settings(*, company_id: UUID, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many settings use each of these models; those that none uses are left out."""
    own = LlmSettings.company_id == company_id
    chat, embedding = LlmSettings.llm_model_id, LlmSettings.embedding_model_id
    # No model is used for both: they are of one type.
    uses = (
        select(chat.label("used"))
        .where(own, chat.in_(ids))
        .union_all(select(embedding).where(own, embedding.in_(ids)))
        .subquery()
    )
    statement = select(uses.c.used, func.count()).group_by(uses.c.used)
    return {used: count for used, count in session().execute(statement)}  # noqa: C416 - rows are no pairs for mypy
