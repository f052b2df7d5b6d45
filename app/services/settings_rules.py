"""What settings may be: models that fit together, keys that stay where they were given for, fallbacks that end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.errors import Conflict
from app.models.provider import Provider, ProviderStatus, ProviderType
from app.models.provider_model import ModelType, ProviderModel
from app.repositories import llm_settings, provider_models, providers
from app.services.model_choice import VENDOR_URLS, other_url
from app.services.provider_rules import Messages, refused_url

# https://docs.claude.com/en/api/messages
_HOTTEST_ANTHROPIC = 1.0
# What model names begin with whose vectors may be cut short ("Matryoshka"), by the vendors' own pages.
_SHORTENING = ("text-embedding-3-", "gemini-embedding-", "embed-v4", "Qwen/Qwen3-Embedding", "qwen3-embedding")
_NOT_FOUND = ["There is nothing by this id."]
_PARTS = ("llm", "embedding")
_MOST_NAMED = 5


class SettingsInUse(Conflict):
    """Other settings fall back to these."""

    code = "settings_in_use"


@dataclass(frozen=True)
class Chosen:
    """The providers and models that settings name."""

    llm_provider: Provider
    llm_model: ProviderModel
    embedding_provider: Provider
    embedding_model: ProviderModel

    def provider(self, part: str) -> Provider:
        """The provider of `llm` or `embedding`."""
        return self.llm_provider if part == "llm" else self.embedding_provider

    def model(self, part: str) -> ProviderModel:
        """The model of `llm` or `embedding`."""
        return self.llm_model if part == "llm" else self.embedding_model


def find_chosen(company_id: UUID, draft: Mapping[str, Any], errors: Messages) -> Chosen | None:
    """What the ids of a draft stand for; None, with `errors` by field, unless all of them are there and fit."""
    found = _Found(
        providers.find_by_ids(company_id=company_id, ids=[draft[f"{part}_provider_id"] for part in _PARTS]),
        provider_models.find_by_ids(company_id=company_id, ids=[draft[f"{part}_model_id"] for part in _PARTS]),
    )
    for part, kind in (("llm", ModelType.CHAT), ("embedding", ModelType.EMBEDDING)):
        errors.update(_misfits(draft, part, kind, found))
    if errors:
        return None
    return Chosen(
        found.providers[draft["llm_provider_id"]],
        found.models[draft["llm_model_id"]],
        found.providers[draft["embedding_provider_id"]],
        found.models[draft["embedding_model_id"]],
    )


def find_errors(draft: Mapping[str, Any], chosen: Chosen, changes: Mapping[str, Any]) -> Messages:
    """What is wrong with a draft, by field. `changes` are the fields that are new in it: who chose something before it
    was switched off may keep it."""
    errors: Messages = {}
    for part in _PARTS:
        errors.update(_inactive(chosen, part, changes))
        errors.update(_address_errors(draft, chosen.provider(part), part))
        if f"{part}_api_base_url" in changes:
            refused = refused_url(changes[f"{part}_api_base_url"])
            errors.update({f"{part}_api_base_url": refused} if refused else {})
    if chosen.llm_provider.type == ProviderType.ANTHROPIC and (draft["llm_temperature"] or 0) > _HOTTEST_ANTHROPIC:
        errors["llm_temperature"] = ["Anthropic takes 0 to 1."]
    dimension = _dimension_error(draft["embedding_dimension"], chosen.embedding_model)
    if dimension:
        errors["embedding_dimension"] = [dimension]
    return errors


def find_link_errors(company_id: UUID, settings_id: UUID, changes: Mapping[str, Any]) -> Messages:
    """What is wrong with the agent and the fallback that settings would get."""
    errors: Messages = {}
    agent_id = changes.get("agent_id")
    if agent_id is not None and not llm_settings.has_agent(company_id=company_id, agent_id=agent_id):
        errors["agent_id"] = _NOT_FOUND
    fallback_id = changes.get("fallback_settings_id")
    if fallback_id is not None:
        problem = _fallback_error(llm_settings.find_fallbacks(company_id=company_id), settings_id, fallback_id)
        if problem:
            errors["fallback_settings_id"] = [problem]
    return errors


def refuse_if_fallback(company_id: UUID, settings_id: UUID) -> None:
    """Raises `SettingsInUse` when other settings fall back to these: they would go on without what answers when their
    own model is down, and nobody would notice until it is."""
    fallbacks = llm_settings.find_fallbacks(company_id=company_id)
    above = sorted(str(other) for other, below in fallbacks.items() if below == settings_id)
    if above:
        named = ", ".join(above[:_MOST_NAMED]) + (", …" if len(above) > _MOST_NAMED else "")
        what = f"{len(above)} other settings fall" if len(above) > 1 else "1 other record of settings falls"
        raise SettingsInUse(f"{what} back to these ({named}). Give {'them' if len(above) > 1 else 'it'} another first.")


def address_of(draft: Mapping[str, Any], provider: Provider, part: str) -> str | None:
    """Where the calls of a part go; None for the vendor's own address."""
    return other_url(ProviderType(provider.type), draft[f"{part}_api_base_url"] or provider.api_base_url)


@dataclass(frozen=True)
class _Found:
    providers: Mapping[UUID, Provider]
    models: Mapping[UUID, ProviderModel]


def _misfits(draft: Mapping[str, Any], part: str, kind: ModelType, found: _Found) -> Messages:
    errors: Messages = {}
    provider = found.providers.get(draft[f"{part}_provider_id"])
    model = found.models.get(draft[f"{part}_model_id"])
    if provider is None:
        errors[f"{part}_provider_id"] = _NOT_FOUND
    if model is None:
        errors[f"{part}_model_id"] = _NOT_FOUND
    elif provider is not None and model.provider_id != provider.id:
        errors[f"{part}_model_id"] = ["This model is not one of that provider's."]
    elif model.type != kind:
        errors[f"{part}_model_id"] = [f"This is no {kind} model."]
    return errors


def _inactive(chosen: Chosen, part: str, changes: Mapping[str, Any]) -> Messages:
    errors: Messages = {}
    for name, row in ((f"{part}_provider_id", chosen.provider(part)), (f"{part}_model_id", chosen.model(part))):
        if name in changes and row.status != ProviderStatus.ACTIVE:
            errors[name] = ["This is inactive and can't be chosen any more."]
    return errors


def _address_errors(draft: Mapping[str, Any], provider: Provider, part: str) -> Messages:
    kind, url = ProviderType(provider.type), address_of(draft, provider, part)
    if kind in {ProviderType.BUILTIN, ProviderType.FAKE}:
        return {}
    if kind in VENDOR_URLS:
        if url is None and draft[f"{part}_api_key"] is None:
            return {f"{part}_api_key": [f"{provider.name} needs an API key."]}
    elif url is None:
        return {f"{part}_api_base_url": [f"{provider.name} has no address of its own: say where it is."]}
    return {}


def _dimension_error(wanted: int | None, model: ProviderModel) -> str | None:
    own = model.embedding_dimension
    if own is None:
        return None if wanted is not None else "The model doesn't say which dimension its vectors have: say it here."
    if wanted is None or wanted == own:
        return None
    if wanted > own:
        return f"The model's vectors have {own} dimensions and can't have more."
    if not model.provider_model_id.startswith(_SHORTENING):
        return f"The model's vectors have {own} dimensions and can't be shortened."
    return None


def _fallback_error(fallbacks: Mapping[UUID, UUID | None], settings_id: UUID, fallback_id: UUID) -> str | None:
    if fallback_id not in fallbacks:
        return _NOT_FOUND[0]
    linked = {**fallbacks, settings_id: fallback_id}
    below = _line(linked, settings_id)
    if settings_id in below:
        return "These settings would fall back to themselves."
    # What falls back to these settings gets a longer line, too.
    if any(len(_line(linked, other)) > llm_settings.LONGEST_CHAIN for other in linked):
        return f"No settings may have more than {llm_settings.LONGEST_CHAIN} others to fall back to, one after another."
    return None


def _line(fallbacks: Mapping[UUID, UUID | None], start: UUID) -> list[UUID]:
    """What settings fall back to, one after another, until it ends or comes round."""
    line: list[UUID] = []
    following = fallbacks.get(start)
    while following is not None and following not in line:
        line.append(following)
        following = fallbacks.get(following)
    return line
