"""Looking up credentials. Each call is one statement: a database function (see the migrations) finds the credential
and, from what it found, opens the transaction for that credential's company and for no other.

They run before anybody is authenticated, so they answer only to an exact identifier and never list anything.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.tenancy import note_company
from app.core.transaction import session


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a credential may be used now, as the database sees it, and for whom."""

    company_id: UUID | None
    user_id: UUID
    role: str
    user_status: str
    company_live: bool
    rate_limits: dict[str, int]


@dataclass(frozen=True, slots=True)
class StoredApiKey:
    """An API key with the standing of its company and its maker."""

    id: UUID
    secret_hash: str
    scopes: list[str]
    permissions: dict[str, list[str]] | None
    expires_at: datetime | None
    revoked_at: datetime | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A user's session with the standing of the user and the company."""

    id: UUID
    expires_at: datetime
    revoked_at: datetime | None
    impersonator_id: UUID | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A visitor with the standing of the company."""

    id: UUID
    company_id: UUID
    company_live: bool
    rate_limits: dict[str, int]


_API_KEY = text("SELECT * FROM frontdesk_enter_by_api_key(:key)")
_SESSION = text("SELECT * FROM frontdesk_enter_by_session(:session_id)")
_LEAD = text("SELECT * FROM frontdesk_enter_by_lead(:lead_id)")


def enter_by_api_key(key: str) -> StoredApiKey | None:
    """The key with this public identifier. The caller must still check the secret before it does anything else."""
    row = session().execute(_API_KEY, {"key": key}).first()
    if row is None:
        return None
    return StoredApiKey(
        row.id, row.secret_hash, row.scopes, row.permissions, row.expires_at, row.revoked_at, _standing(row)
    )


def enter_by_session(session_id: UUID) -> StoredSession | None:
    """The session that a verified token names."""
    row = session().execute(_SESSION, {"session_id": session_id}).first()
    if row is None:
        return None
    return StoredSession(row.id, row.expires_at, row.revoked_at, row.impersonator_id, _standing(row))


def enter_by_lead(lead_id: UUID) -> StoredLead | None:
    """The lead that a verified token names."""
    row = session().execute(_LEAD, {"lead_id": lead_id}).first()
    if row is None:
        return None
    note_company(row.company_id)
    return StoredLead(row.id, row.company_id, row.company_live, row.rate_limits)


def _standing(row: Row[Any]) -> Standing:
    note_company(row.company_id)
    return Standing(row.company_id, row.user_id, row.role, row.user_status, row.company_live, row.rate_limits)
