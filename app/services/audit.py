"""Audit entries, written in the transaction of the action itself: who, as whom, what, on what, from where.

They are written at its very end, since each takes its place in its company's chain (`app.services.audit_chain`).
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.clock import now
from app.core.ids import new_id
from app.core.logging import request_id
from app.core.transaction import before_commit
from app.models.audit_entry import AuditEntry, RiskLevel
from app.security.principal import Principal
from app.services import audit_chain

_SECRET_WORDS = ("password", "secret", "token", "api_key", "hash")


class Event(StrEnum):
    """What can happen, in the past tense."""

    LOGIN_SUCCEEDED = "login_succeeded"
    LOGIN_FAILED = "login_failed"
    LOGIN_LOCKED = "login_locked"
    LOGGED_OUT = "logged_out"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    USER_REGISTERED = "user_registered"
    USER_ADDED = "user_added"
    USER_INVITED = "user_invited"
    EMAIL_VERIFIED = "email_verified"
    PASSWORD_RESET_ASKED = "password_reset_asked"
    PASSWORD_RESET = "password_reset"
    PASSWORD_RESET_FORCED = "password_reset_forced"
    USER_STATUS_CHANGED = "user_status_changed"
    USER_ROLE_CHANGED = "user_role_changed"
    CONFIG_CHANGED = "config_changed"
    IMPERSONATION_STARTED = "impersonation_started"
    PROFILE_CHANGED = "profile_changed"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    COMPANY_CREATED = "company_created"
    COMPANY_CHANGED = "company_changed"
    COMPANY_DELETED = "company_deleted"
    COMPANY_RESTORED = "company_restored"
    ADDRESS_CREATED = "address_created"
    PLACE_CREATED = "place_created"
    PLACE_CHANGED = "place_changed"
    SUPER_ADMIN_SEEDED = "super_admin_seeded"
    DOCUMENT_UPLOADED = "document_uploaded"
    DOCUMENT_DELETED = "document_deleted"
    DOCUMENT_RESTORED = "document_restored"
    DOCUMENT_PROCESSED_AGAIN = "document_processed_again"
    CHUNK_DELETED = "chunk_deleted"
    CHUNK_RESTORED = "chunk_restored"
    CHUNKS_DELETED = "chunks_deleted"
    CHUNKS_RESTORED = "chunks_restored"
    SETTINGS_CREATED = "settings_created"
    SETTINGS_CHANGED = "settings_changed"
    SETTINGS_DELETED = "settings_deleted"
    PROVIDER_CREATED = "provider_created"
    PROVIDER_CHANGED = "provider_changed"
    PROVIDER_DELETED = "provider_deleted"
    PROVIDER_MODEL_CREATED = "provider_model_created"
    PROVIDER_MODEL_CHANGED = "provider_model_changed"
    PROVIDER_MODEL_DELETED = "provider_model_deleted"
    PROVIDERS_IMPORTED = "providers_imported"
    CONVERSATION_DELETED = "conversation_deleted"
    CONVERSATION_RESTORED = "conversation_restored"
    MESSAGE_DELETED = "message_deleted"
    MESSAGE_RESTORED = "message_restored"
    MESSAGES_DELETED = "messages_deleted"
    MESSAGES_RESTORED = "messages_restored"
    AGENT_CREATED = "agent_created"
    AGENT_CHANGED = "agent_changed"
    AGENT_DELETED = "agent_deleted"
    AGENT_RESTORED = "agent_restored"
    AGENT_CLONED = "agent_cloned"
    IDENTITY_SECRET_CREATED = "identity_secret_created"
    IDENTITY_SECRET_DELETED = "identity_secret_deleted"
    QUESTION_RESOLVED = "question_resolved"
    QUESTION_REOPENED = "question_reopened"
    ANALYTICS_EXPORTED = "analytics_exported"
    LEAD_CREATED = "lead_created"
    LEAD_CHANGED = "lead_changed"
    LEAD_DELETED = "lead_deleted"
    DATABASE_CONNECTION_CREATED = "database_connection_created"
    DATABASE_CONNECTION_CHANGED = "database_connection_changed"
    DATABASE_CONNECTION_DELETED = "database_connection_deleted"
    DATABASE_CONNECTION_RESTORED = "database_connection_restored"
    DATABASE_ANALYSIS_ASKED = "database_analysis_asked"
    DATABASE_TABLE_CHANGED = "database_table_changed"
    DATABASE_TABLE_DELETED = "database_table_deleted"
    DATABASE_TABLES_DELETED = "database_tables_deleted"
    DATABASE_TABLE_RESTORED = "database_table_restored"
    DATABASE_EXAMPLE_ADDED = "database_example_added"
    DATABASE_EXAMPLE_REMOVED = "database_example_removed"
    DATABASE_EXPORTED = "database_exported"
    WEBHOOK_CREATED = "webhook_created"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_DELETED = "webhook_deleted"
    WEBHOOK_SECRET_ROTATED = "webhook_secret_rotated"
    WEBHOOK_SWITCHED_OFF = "webhook_switched_off"
    WEBHOOK_REDELIVERED = "webhook_redelivered"


@dataclass(frozen=True)
class Origin:
    """Where a call came from."""

    ip: str | None = None
    user_agent: str | None = None


# Set by the entry (a request); work that nobody called for has none.
_NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def record(
    event: Event,
    entity_type: str,
    entity_id: UUID | int | str | None,
    *,
    company_id: UUID | None,
    by: Principal | UUID | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    risk: RiskLevel = RiskLevel.LOW,
) -> None:
    """Writes one entry. `by` is the caller, or the id of a user who is known without being signed in."""
    principal = by if isinstance(by, Principal) else None
    at = now()
    before_commit(
        audit_chain.append,
        AuditEntry(
            id=new_id(),
            company_id=company_id,
            created_at=at,
            updated_at=at,
            event_type=event,
            entity_type=entity_type,
            entity_id=None if entity_id is None else str(entity_id),
            actor_kind=principal.kind if principal else ("user" if by else None),
            actor_id=principal.id if principal else by,
            impersonator_id=principal.impersonator_id if principal else None,
            before=_masked(before),
            after=_masked(after),
            ip=origin.get().ip,
            user_agent=origin.get().user_agent,
            request_id=request_id.get(),
            risk_level=risk,
        ),
    )


def _masked(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: "***" if any(word in name.lower() for word in _SECRET_WORDS) else _plain(value)
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return _masked(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
