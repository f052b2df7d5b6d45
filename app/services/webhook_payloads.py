"""What events say: the resource as the API shows it at that moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.models.api_key import ApiKey
from app.models.conversation import Conversation
from app.models.document import Document
from app.models.lead import Lead

# Fields whose column has another name.
_COLUMNS = {"metadata": "details"}

_STAMPS = ("created_at", "updated_at")
_CONVERSATION = (
    *("id", "agent_id", "lead_id", "user_id", "title", "metadata", "max_context_length", "status", "last_message_at"),
    *(*_STAMPS, "deleted_at"),
)
_LEAD = (
    *("id", "company_id", "agent_id", "first_name", "last_name", "email", "phone", "consent_marketing"),
    *("consent_data_processing", *_STAMPS, "source", "notes", "status", "external_id", "consents", "language", "page"),
)
_DOCUMENT = (
    *("id", "agent_id", "uploaded_by", "source", "title", "filename", "url", "kind", "content_type", "size_bytes"),
    *("language", "status", "stage", "progress", "page_count", "character_count", "chunk_count", "options"),
    *("error_code", "error", "retry_at", *_STAMPS, "processed_at", "deleted_at"),
)
_API_KEY = ("id", "key", "name", "scopes", "permissions", "created_by", "created_at", "expires_at", "last_used_at")


def conversation(row: Conversation) -> dict[str, Any]:
    """As `GET /v1/conversation` lists it."""
    return _shown(row, _CONVERSATION)


def lead(row: Lead) -> dict[str, Any]:
    """As `GET /v1/lead/<id>` shows it."""
    return _shown(row, _LEAD)


def document(row: Document) -> dict[str, Any]:
    """As `GET /v1/document/<id>` shows it."""
    return _shown(row, _DOCUMENT)


def api_key(row: ApiKey) -> dict[str, Any]:
    """As `GET /v1/auth/api-keys` lists it: without its secret."""
    return _shown(row, _API_KEY)


def _shown(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(row, _COLUMNS.get(name, name))) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
