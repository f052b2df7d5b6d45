"""What a provider and its models may be, whoever makes or changes them: a person, an import or the seeds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.settings import settings
from app.errors import Conflict
from app.models.provider import Provider, ProviderType
from app.models.provider_model import ModelType, ProviderModel
from app.repositories import provider_models, providers
from app.services.guarded_models import InternalAddress, refuse_internal_literal
from app.services.model_choice import BUILTIN_CHAT_MODEL, BUILTIN_EMBEDDING_MODEL, other_url

Messages = dict[str, list[str]]

_BUILTIN_MODELS = {ModelType.CHAT: BUILTIN_CHAT_MODEL, ModelType.EMBEDDING: BUILTIN_EMBEDDING_MODEL}
# What settings were checked against when they chose a model.
_CHECKED_BY_SETTINGS = ("type", "embedding_dimension")


class ProviderExists(Conflict):
    """Names of providers are unique in a company, whatever their case."""

    code = "provider_exists"
    detail = "There is a provider by this name already."


class ModelExists(Conflict):
    """What a provider calls a model is unique among those of one type."""

    code = "model_exists"
    detail = "This provider has a model of this type and provider_model_id already."


class ProviderInUse(Conflict):
    """Settings use the provider or the model."""

    code = "provider_in_use"


class KeysWouldMove(Conflict):
    """Settings hold keys for the provider, which its new address would be sent."""

    code = "keys_would_move"


def provider_errors(values: Mapping[str, Any]) -> Messages:
    """What is wrong with a provider of these values, by field."""
    errors: Messages = {}
    if values.get("type") == ProviderType.FAKE and settings().production:
        errors["type"] = ["Scripted answers are for development and tests."]
    url_errors = refused_url(values.get("api_base_url"))
    if url_errors:
        errors["api_base_url"] = url_errors
    return errors


def model_errors(provider_type: str, values: Mapping[str, Any]) -> Messages:
    """What is wrong with a model of these values at a provider of this type, by field."""
    kind = ModelType(values["type"])
    if kind is ModelType.CHAT and values.get("embedding_dimension") is not None:
        return {"embedding_dimension": ["Only embedding models have one."]}
    if kind is ModelType.EMBEDDING and provider_type in {ProviderType.ANTHROPIC, ProviderType.FAKE}:
        return {"type": [f"Providers of the type {provider_type} have no embedding models."]}
    if provider_type == ProviderType.BUILTIN and values["provider_model_id"] != _BUILTIN_MODELS[kind]:
        return {"provider_model_id": [f"The builtin {kind} model is {_BUILTIN_MODELS[kind]}."]}
    return {}


def refused_url(url: str | None) -> list[str]:
    """Why a base URL can't be taken, as far as it shows without asking a name server; the rest shows at each call."""
    try:
        if url is not None:
            refuse_internal_literal(url)
    except InternalAddress as error:
        return [error.detail]
    return []


def check_provider_change(company_id: UUID, provider: Provider, changes: Mapping[str, Any]) -> None:
    """Raises for a change that would pull the rug from under settings: another protocol, or another address that their
    keys would be sent to, which nobody may read back."""
    if "type" in changes:
        refuse_if_used(providers.count_settings(company_id=company_id, ids=[provider.id]), provider.id)
        _check_models(company_id, provider, changes["type"])
    kind = ProviderType(provider.type)
    if "api_base_url" in changes and other_url(kind, changes["api_base_url"]) != other_url(kind, provider.api_base_url):
        count = providers.count_travelling_keys(company_id=company_id, provider_id=provider.id)
        if count:
            raise KeysWouldMove(
                f"{_settings(count)} this provider with an API key, which would be sent to the new address. "
                "Remove those keys first, and give them again afterwards."
            )


def check_model_change(company_id: UUID, model: ProviderModel, changes: Mapping[str, Any]) -> None:
    """Raises for a change of what settings were checked against."""
    if not changes.keys().isdisjoint(_CHECKED_BY_SETTINGS):
        refuse_if_used(provider_models.count_settings(company_id=company_id, ids=[model.id]), model.id)


def refuse_if_used(counts: Mapping[UUID, int], used: UUID) -> None:
    """Raises `ProviderInUse` unless no settings use a provider or model."""
    count = counts.get(used, 0)
    if count:
        raise ProviderInUse(f"{_settings(count)} it. Let {'them' if count > 1 else 'it'} use another one first.")


def _check_models(company_id: UUID, provider: Provider, provider_type: str) -> None:
    for model in provider_models.find_by_providers(company_id=company_id, provider_ids=[provider.id]):
        values = {"type": model.type, "provider_model_id": model.provider_model_id}
        if model_errors(provider_type, values):
            raise Conflict(f"A provider of the type {provider_type} can't have the model {model.provider_model_id}.")


def _settings(count: int) -> str:
    return f"{count} settings use" if count > 1 else "1 record of settings uses"
