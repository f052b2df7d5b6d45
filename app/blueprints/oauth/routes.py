"""API keys, and what a credential is worth."""

from typing import Any
from uuid import UUID

from app.blueprints.oauth.schemas import ApiKeyPage, CreateApiKeyRequest, CreatedApiKeyResponse, CredentialResponse
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.models.api_key import ApiKey
from app.services import api_keys

blp = Blueprint("oauth", __name__, description="API keys and their use.")


@blp.post("/v1/auth/api-keys")
@requires(Credential.JWT, impersonated=False)
@blp.arguments(CreateApiKeyRequest)
@blp.response(201, CreatedApiKeyResponse)
def create_api_key(body: dict[str, Any]) -> Any:
    """Create an API key; its secret is shown this once"""
    created = api_keys.create(current_principal(), **body)
    shown = {name: getattr(created.key, name) for name in CreatedApiKeyResponse().fields if name != "secret"}
    return {**shown, "secret": created.secret}, 201, {"Location": f"/v1/auth/api-keys/{created.key.id}"}


@blp.get("/v1/auth/api-keys")
@requires(Credential.JWT)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ApiKeyPage)
def find_api_keys(query: dict[str, int]) -> Page[ApiKey]:
    """List the working API keys that you made"""
    return api_keys.find_own(current_principal(), PageRequest(**query))


@blp.delete("/v1/auth/api-keys/<uuid:api_key_id>")
@requires(Credential.JWT, impersonated=False)
@blp.response(204)
def revoke_api_key(api_key_id: UUID) -> None:
    """Revoke an API key: it stops working with the next call"""
    api_keys.revoke(current_principal(), api_key_id)


@blp.get("/v1/auth/validate")
@requires(Credential.JWT)
@blp.response(200, CredentialResponse)
def validate_credential() -> dict[str, Any]:
    """Say whose the presented token is and what it may do"""
    principal = current_principal()
    return {
        "valid": True,
        "kind": principal.kind,
        "id": principal.id,
        "user_id": principal.user_id,
        "company_id": principal.company_id,
        "role": principal.role,
        "scopes": sorted(principal.scopes),
        "session_id": principal.session_id,
        "impersonator_id": principal.impersonator_id,
    }
