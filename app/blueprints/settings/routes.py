"""Settings: which models answer and embed, and the providers that they come from."""

from typing import Any
from uuid import UUID

from app.blueprints.settings.provider_schemas import (
    CreateModelRequest,
    CreateProviderRequest,
    ImportProvidersRequest,
    ImportResponse,
    ModelPage,
    ModelResponse,
    ProviderPage,
    ProviderResponse,
    SeedProvidersRequest,
    SeedResponse,
    UpdateModelRequest,
    UpdateProviderRequest,
    UsedProviderPage,
)
from app.blueprints.settings.schemas import (
    CreateSettingsRequest,
    SettingsPage,
    SettingsResponse,
    TriedSettingsResponse,
    TrySettingsRequest,
    UpdateSettingsRequest,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.security.scopes import Resource, Scope
from app.services import llm_settings, provider_imports, provider_seeds, providers, settings_test
from app.services.provider_imports import Imported, Outcome
from app.services.providers import UsedProvider
from app.services.settings_test import Report

blp = Blueprint(
    "settings", __name__, description="Which models answer and embed, with which keys, and the providers they are from."
)

_BOTH = (Credential.API_KEY, Credential.JWT)
_SETTINGS = Resource.SETTINGS


@blp.post("/v1/settings")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(CreateSettingsRequest)
@blp.response(201, SettingsResponse)
def create_settings(body: dict[str, Any]) -> Any:
    """Choose models for your company or one of its agents"""
    made = llm_settings.create(current_principal(), body)
    return made, 201, {"Location": f"/v1/settings/{made.id}"}


@blp.put("/v1/settings/<uuid:settings_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(UpdateSettingsRequest)
@blp.response(200, SettingsResponse)
def update_settings(body: dict[str, Any], settings_id: UUID) -> LlmSettings:
    """Change settings; a key that comes as it was read back stays as it is"""
    return llm_settings.change(current_principal(), settings_id, body)


@blp.get("/v1/settings/<uuid:settings_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.response(200, SettingsResponse)
def get_settings(settings_id: UUID) -> LlmSettings:
    """Fetch settings"""
    return llm_settings.get(current_principal(), settings_id)


@blp.get("/v1/settings/company/<uuid:company_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SettingsPage)
def find_company_settings(query: dict[str, int], company_id: UUID) -> Page[LlmSettings]:
    """List a company's settings, those of single agents aside"""
    return llm_settings.find_of_company(current_principal(), company_id, PageRequest(**query))


@blp.get("/v1/settings/agent/<uuid:agent_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SettingsPage)
def find_agent_settings(query: dict[str, int], agent_id: UUID) -> Page[LlmSettings]:
    """List the settings that an agent has for itself"""
    return llm_settings.find_of_agent(current_principal(), agent_id, PageRequest(**query))


@blp.delete("/v1/settings/<uuid:settings_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.response(204)
def delete_settings(settings_id: UUID) -> None:
    """Delete settings that no others fall back to; agents that used them go on with the company's default ones"""
    llm_settings.delete(current_principal(), settings_id)


@blp.post("/v1/settings/test/<uuid:settings_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS, category=Category.AI, waits=True)
@blp.arguments(TrySettingsRequest, required=False)
@blp.response(200, TriedSettingsResponse)
def try_settings(body: dict[str, Any], settings_id: UUID) -> Report:
    """Ask both models something small, as the settings say or with some fields overridden"""
    return settings_test.run(current_principal(), settings_id, body)


@blp.get("/v1/settings/providers")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, UsedProviderPage)
def find_used_providers(query: dict[str, int]) -> Page[dict[str, Any]]:
    """List providers with their models, and how many settings use them"""
    page = providers.find_used(current_principal(), PageRequest(**query))
    return Page([_used(each) for each in page.items], page.pagination)


@blp.post("/v1/settings/providers/seed")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(SeedProvidersRequest, required=False)
@blp.response(200, SeedResponse)
def seed_providers(body: dict[str, list[str]]) -> dict[str, Any]:
    """Add the well-known providers and models that are missing"""
    imported = provider_seeds.seed(current_principal(), body.get("providers"))
    return {**_imported(imported), "as_of": provider_seeds.seeds().as_of}


@blp.post("/v1/providers")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(CreateProviderRequest)
@blp.response(201, ProviderResponse)
def create_provider(body: dict[str, Any]) -> Any:
    """Add a provider"""
    provider = providers.create(current_principal(), body)
    return provider, 201, {"Location": f"/v1/providers/{provider.id}"}


@blp.get("/v1/providers")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ProviderPage)
def find_providers(query: dict[str, int]) -> Page[Provider]:
    """List providers, by name"""
    return providers.find_all(current_principal(), PageRequest(**query))


@blp.post("/v1/providers/bulk-import")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(ImportProvidersRequest)
@blp.response(200, ImportResponse)
def import_providers(body: dict[str, Any]) -> dict[str, Any]:
    """Import providers with their models, all or none"""
    return _imported(provider_imports.run(current_principal(), body["providers"], body["mode"]))


@blp.get("/v1/providers/<uuid:provider_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.response(200, ProviderResponse)
def get_provider(provider_id: UUID) -> Provider:
    """Fetch a provider"""
    return providers.get(current_principal(), provider_id)


@blp.put("/v1/providers/<uuid:provider_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(UpdateProviderRequest)
@blp.response(200, ProviderResponse)
def update_provider(body: dict[str, Any], provider_id: UUID) -> Provider:
    """Change a provider"""
    return providers.change(current_principal(), provider_id, body)


@blp.delete("/v1/providers/<uuid:provider_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.response(204)
def delete_provider(provider_id: UUID) -> None:
    """Delete a provider with its models, if no settings use it"""
    providers.delete(current_principal(), provider_id)


@blp.post("/v1/providers/<uuid:provider_id>/models")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(CreateModelRequest)
@blp.response(201, ModelResponse)
def create_model(body: dict[str, Any], provider_id: UUID) -> Any:
    """Add a model to a provider"""
    model = providers.create_model(current_principal(), provider_id, body)
    return model, 201, {"Location": f"/v1/providers/{provider_id}/models/{model.id}"}


@blp.get("/v1/providers/<uuid:provider_id>/models")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ModelPage)
def find_models(query: dict[str, int], provider_id: UUID) -> Page[ProviderModel]:
    """List a provider's models, chat models first"""
    return providers.find_models(current_principal(), provider_id, PageRequest(**query))


@blp.get("/v1/providers/<uuid:provider_id>/models/<uuid:model_id>")
@requires(*_BOTH, scope=Scope.READ, resource=_SETTINGS)
@blp.response(200, ModelResponse)
def get_model(provider_id: UUID, model_id: UUID) -> ProviderModel:
    """Fetch a model"""
    return providers.get_model(current_principal(), provider_id, model_id)


@blp.put("/v1/providers/<uuid:provider_id>/models/<uuid:model_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.arguments(UpdateModelRequest)
@blp.response(200, ModelResponse)
def update_model(body: dict[str, Any], provider_id: UUID, model_id: UUID) -> ProviderModel:
    """Change a model"""
    return providers.change_model(current_principal(), provider_id, model_id, body)


@blp.delete("/v1/providers/<uuid:provider_id>/models/<uuid:model_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_SETTINGS)
@blp.response(204)
def delete_model(provider_id: UUID, model_id: UUID) -> None:
    """Delete a model, if no settings use it"""
    providers.delete_model(current_principal(), provider_id, model_id)


def _used(used: UsedProvider) -> dict[str, Any]:
    models = [{**_shown(each.model, ModelResponse), "settings_count": each.settings_count} for each in used.models]
    uses = {"settings_count": used.settings_count, "has_key": used.has_key}
    return {**_shown(used.provider, ProviderResponse), "models": models, **uses}


def _shown(row: Provider | ProviderModel, schema: type[ProviderResponse | ModelResponse]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema().fields}


def _imported(imported: Imported) -> dict[str, Any]:
    return {**{outcome.value: imported.count(outcome) for outcome in Outcome}, "providers": imported.providers}
