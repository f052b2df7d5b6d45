"""Looking up credentials. Each call is one statement: a database function (see the migrations) finds the credential
and, from what it found, opens the transaction for that credential's company and for no other.

They run before anybody is authenticated, so they answer only to an exact identifier and never list anything.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.exc import DBAPIError

from app.core.patience import PostgresSilent
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


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """A live agent with the standing of the company."""

    id: UUID
    company_id: UUID
    company_live: bool
    rate_limits: dict[str, int]


_API_KEY = "SELECT * FROM frontdesk_enter_by_api_key(%s)"
_SESSION = "SELECT * FROM frontdesk_enter_by_session(%s::uuid)"
_LEAD = "SELECT * FROM frontdesk_enter_by_lead(%s::uuid)"
_AGENT = "SELECT * FROM frontdesk_enter_by_agent(%s::uuid)"


def enter_by_api_key(key: str) -> StoredApiKey | None:
    """The key with this public identifier. The caller must still check the secret before it does anything else."""
    row = _first(_API_KEY, key)
    if row is None:
        return None
    return StoredApiKey(
        row.id, row.secret_hash, row.scopes, row.permissions, row.expires_at, row.revoked_at, _standing(row)
    )


def enter_by_session(session_id: UUID) -> StoredSession | None:
    """The session that a verified token names."""
    row = _first(_SESSION, str(session_id))
    if row is None:
        return None
    return StoredSession(row.id, row.expires_at, row.revoked_at, row.impersonator_id, _standing(row))


def enter_by_lead(lead_id: UUID) -> StoredLead | None:
    """The lead that a verified token names."""
    row = _first(_LEAD, str(lead_id))
    if row is None:
        return None
    note_company(row.company_id)
    return StoredLead(row.id, row.company_id, row.company_live, row.rate_limits)


def enter_by_agent(agent_id: UUID) -> StoredAgent | None:
    """The live agent by this id: what a visitor, who has no credential yet, names."""
    row = _first(_AGENT, str(agent_id))
    if row is None:
        return None
    note_company(row.company_id)
    return StoredAgent(row.id, row.company_id, row.company_live, row.rate_limits)


def _first(statement: str, value: str) -> Any:
    # Straight to the driver: this runs at every call, and everything above it would be most of its cost.
    connection = session().connection()
    driver = connection.connection.dbapi_connection
    try:
        with driver.cursor(cursor_factory=NamedTupleCursor) as cursor:  # type: ignore[union-attr]
            cursor.execute(statement, (value,))
            return cursor.fetchone()
    except PostgresSilent:
        connection.invalidate()  # another try would only wait as long again
        raise
    except psycopg2.Error:
        return _again(statement, value)


def _again(statement: str, value: str) -> Any:
    """Once more through SQLAlchemy, which raises the error as its own and gives up connections that died in the pool.

    Authentication is the first thing in a transaction, so after a restart of Postgres it can begin anew and nobody
    notices.
    """
    try:
        return session().connection().exec_driver_sql(statement, (value,)).first()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session().rollback()
        return session().connection().exec_driver_sql(statement, (value,)).first()


def _standing(row: Any) -> Standing:
    note_company(row.company_id)
    return Standing(row.company_id, row.user_id, row.role, row.user_status, row.company_live, row.rate_limits)
