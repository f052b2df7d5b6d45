"""Providers of models and what they offer. Every company has its own, made by hand, imported or seeded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.paging import Page, PageRequest
from app.errors import Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.repositories import provider_models, providers
from app.security.principal import Principal
from app.services import audit, embedding_spaces, provider_rules
from app.services.audit import Event
from app.services.provider_rules import ModelExists, ProviderExists

# A change of these may change what agents' texts are embedded with.
_SPACE_OF_PROVIDER = {"type", "api_base_url", "status"}
_SPACE_OF_MODEL = {"provider_model_id", "status"}


@dataclass(frozen=True)
class UsedModel:
    """A model, and how many settings use it."""

    model: ProviderModel
    settings_count: int


@dataclass(frozen=True)
class UsedProvider:
    """A provider with its models, how many settings use it, and whether one of them has a key for it."""

    provider: Provider
    models: list[UsedModel]
    settings_count: int
    has_key: bool


def create(principal: Principal, values: Mapping[str, Any]) -> Provider:
    """A new provider; raises `ProviderExists`."""
    company_id = principal.company()
    _refuse(provider_rules.provider_errors(values))
    provider = providers.add(company_id=company_id, values=values)
    if provider is None:
        raise ProviderExists
    audit.record(Event.PROVIDER_CREATED, "provider", provider.id, company_id=company_id, by=principal, after=values)
    return provider


def get(principal: Principal, provider_id: UUID) -> Provider:
    """A provider of the caller's company."""
    provider = providers.get(company_id=principal.company(), provider_id=provider_id)
    if provider is None:
        raise NotFound
    return provider


def find_all(principal: Principal, wanted: PageRequest) -> Page[Provider]:
    """The company's providers, by name."""
    return providers.find_page(company_id=principal.company(), wanted=wanted)


def find_used(principal: Principal, wanted: PageRequest) -> Page[UsedProvider]:
    """The company's providers with their models, and what uses them."""
    company_id = principal.company()
    page = providers.find_page(company_id=company_id, wanted=wanted)
    ids = [provider.id for provider in page.items]
    counts = providers.count_settings(company_id=company_id, ids=ids)
    with_keys = providers.find_with_keys(company_id=company_id, ids=ids)
    models = _used_models(company_id, ids)
    used = [
        UsedProvider(each, models.get(each.id, []), counts.get(each.id, 0), each.id in with_keys) for each in page.items
    ]
    return Page(used, page.pagination)


def change(principal: Principal, provider_id: UUID, wanted: Mapping[str, Any]) -> Provider:
    """Changes the given fields."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    provider = get(principal, provider_id)
    changes = {name: value for name, value in wanted.items() if value != getattr(provider, name)}
    if not changes:
        return provider
    _refuse(provider_rules.provider_errors(changes))
    if "name" in changes and providers.is_taken(company_id=company_id, name=changes["name"], except_id=provider.id):
        raise ProviderExists
    provider_rules.check_provider_change(company_id, provider, changes)
    before = {name: getattr(provider, name) for name in changes}
    _apply(provider, changes)
    _follow(company_id, changes, _SPACE_OF_PROVIDER)
    # Visitors' questions and the documents go to the new address.
    risk = RiskLevel.HIGH if "api_base_url" in changes else RiskLevel.MEDIUM
    audit.record(
        Event.PROVIDER_CHANGED,
        "provider",
        provider.id,
        company_id=company_id,
        by=principal,
        before=before,
        after=changes,
        risk=risk,
    )
    return provider


def delete(principal: Principal, provider_id: UUID) -> None:
    """Deletes a provider with its models; raises `ProviderInUse`."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    provider = get(principal, provider_id)
    provider_rules.refuse_if_used(providers.count_settings(company_id=company_id, ids=[provider.id]), provider.id)
    providers.remove(company_id=company_id, provider_id=provider.id)
    audit.record(
        Event.PROVIDER_DELETED,
        "provider",
        provider_id,
        company_id=company_id,
        by=principal,
        before={"name": provider.name, "type": provider.type},
        risk=RiskLevel.MEDIUM,
    )


def create_model(principal: Principal, provider_id: UUID, values: Mapping[str, Any]) -> ProviderModel:
    """A new model of a provider, called by its name unless `provider_model_id` is given; raises `ModelExists`."""
    provider = get(principal, provider_id)
    complete = {"provider_model_id": values["name"], **values, "provider_id": provider.id}
    _refuse(provider_rules.model_errors(provider.type, complete))
    model = provider_models.add(company_id=provider.company_id, values=complete)
    if model is None:
        raise ModelExists
    audit.record(
        Event.PROVIDER_MODEL_CREATED,
        "provider_model",
        model.id,
        company_id=model.company_id,
        by=principal,
        after=complete,
    )
    return model


def get_model(principal: Principal, provider_id: UUID, model_id: UUID) -> ProviderModel:
    """A model of a provider of the caller's company."""
    found = provider_models.get(company_id=principal.company(), provider_id=provider_id, model_id=model_id)
    if found is None:
        raise NotFound
    return found


def find_models(principal: Principal, provider_id: UUID, wanted: PageRequest) -> Page[ProviderModel]:
    """A provider's models, chat models first, by name."""
    provider = get(principal, provider_id)
    return provider_models.find_page(company_id=provider.company_id, provider_id=provider.id, wanted=wanted)


def change_model(principal: Principal, provider_id: UUID, model_id: UUID, wanted: Mapping[str, Any]) -> ProviderModel:
    """Changes the given fields."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    provider, model = get(principal, provider_id), get_model(principal, provider_id, model_id)
    changes = {name: value for name, value in wanted.items() if value != getattr(model, name)}
    if not changes:
        return model
    after = {**_checked_fields(model), **changes}
    _refuse(provider_rules.model_errors(provider.type, after))
    _check_model_name(model, after)
    provider_rules.check_model_change(company_id, model, changes)
    before = {name: getattr(model, name) for name in changes}
    _apply(model, changes)
    _follow(company_id, changes, _SPACE_OF_MODEL)
    audit.record(
        Event.PROVIDER_MODEL_CHANGED,
        "provider_model",
        model.id,
        company_id=company_id,
        by=principal,
        before=before,
        after=changes,
    )
    return model


def delete_model(principal: Principal, provider_id: UUID, model_id: UUID) -> None:
    """Deletes a model; raises `ProviderInUse`."""
    company_id = principal.company()
    providers.lock(company_id=company_id)
    model = get_model(principal, provider_id, model_id)
    provider_rules.refuse_if_used(provider_models.count_settings(company_id=company_id, ids=[model.id]), model.id)
    provider_models.remove(company_id=company_id, model_id=model.id)
    audit.record(
        Event.PROVIDER_MODEL_DELETED,
        "provider_model",
        model_id,
        company_id=company_id,
        by=principal,
        before={"name": model.name, "provider_model_id": model.provider_model_id},
    )


def _used_models(company_id: UUID, provider_ids: list[UUID]) -> dict[UUID, list[UsedModel]]:
    models = provider_models.find_by_providers(company_id=company_id, provider_ids=provider_ids)
    counts = provider_models.count_settings(company_id=company_id, ids=[model.id for model in models])
    by_provider: dict[UUID, list[UsedModel]] = {}
    for model in models:
        by_provider.setdefault(model.provider_id, []).append(UsedModel(model, counts.get(model.id, 0)))
    return by_provider


def _check_model_name(model: ProviderModel, after: Mapping[str, Any]) -> None:
    if provider_models.is_taken(
        company_id=model.company_id,
        provider_id=model.provider_id,
        provider_model_id=after["provider_model_id"],
        kind=after["type"],
        except_id=model.id,
    ):
        raise ModelExists


def _checked_fields(model: ProviderModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in ("type", "provider_model_id", "embedding_dimension")}


def _apply(row: Provider | ProviderModel, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    providers.store([row])


def _follow(company_id: UUID, changes: Mapping[str, Any], fields: set[str]) -> None:
    if not changes.keys().isdisjoint(fields):
        embedding_spaces.follow_settings(company_id=company_id, agent_id=None)


def _refuse(errors: Mapping[str, Any]) -> None:
    if errors:
        raise Invalid(errors=errors)
