"""Connections to customers' databases: creating, testing, changing, deleting and restoring them.

Whoever stores a URL has it tried out first, outside of any transaction: what is stored has worked once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.transaction import transaction
from app.errors import Conflict, Invalid, NotFound
from app.models.audit_entry import RiskLevel
from app.models.database_connection import ConnectionStatus, DatabaseConnection
from app.repositories import agents, database_connections
from app.security.principal import Principal
from app.services import audit, database_access, embedding_spaces
from app.services.audit import Event
from app.services.database_access import DatabaseRefused, Tested
from app.textsql import target
from app.textsql.failures import UrlRefused
from app.textsql.target import Target

# A change of these is tried out before it is stored.
_TRIED = {"url", "database_type", "connection_params"}
_MASK = "***"


class NotDeleted(Conflict):
    """Only a deleted connection can be restored."""

    code = "not_deleted"
    detail = "This connection is not deleted."


class AgentDeleted(Conflict):
    """A connection comes back only to an agent that lives."""

    code = "agent_deleted"
    detail = "The agent of this connection is deleted. Restore the agent first."


@dataclass(frozen=True)
class TestReport:
    """How testing a stored connection went."""

    connection_id: UUID
    tested_at: datetime
    tested: Tested

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return self.tested.error is None


def create(principal: Principal, values: Mapping[str, Any]) -> DatabaseConnection:
    """A new connection, after it was tried out. Waits for the customer's server, so it opens its own transactions.

    Raises `NotFound` for an agent that isn't the company's and `DatabaseRefused`.
    """
    company_id = principal.company()
    params = dict(values.get("connection_params") or {})
    with transaction():
        tenancy.enter_company(company_id)
        _check_agent(company_id, values["agent_id"])
    where = _read(values["url"], params, values["database_type"])
    tested = _require_works(company_id, where)
    with transaction():
        tenancy.enter_company(company_id)
        _check_agent(company_id, values["agent_id"])
        connection = DatabaseConnection(
            id=new_id(),
            company_id=company_id,
            agent_id=values["agent_id"],
            created_by=principal.user_id,
            name=values["name"],
            database_type=where.database_type,
            url=values["url"],
            connection_params=params,
            **_outcome(tested),
        )
        database_connections.add(connection)
        _record(principal, Event.DATABASE_CONNECTION_CREATED, connection, after=_shown(connection))
    return connection


def get(principal: Principal, connection_id: UUID) -> DatabaseConnection:
    """A live connection of the caller's company."""
    connection = database_connections.get(company_id=principal.company(), connection_id=connection_id)
    if connection is None:
        raise NotFound
    return connection


def find_all(principal: Principal, *, agent_id: UUID | None, wanted: PageRequest) -> Page[DatabaseConnection]:
    """The company's live connections, the newest first."""
    return database_connections.find_page(company_id=principal.company(), agent_id=agent_id, wanted=wanted)


def find_deleted(principal: Principal, wanted: PageRequest) -> Page[DatabaseConnection]:
    """The company's deleted connections, the last deleted first."""
    return database_connections.find_page_deleted(company_id=principal.company(), wanted=wanted)


def test(principal: Principal, connection_id: UUID) -> TestReport:
    """Tries a stored connection out and keeps how it went. Waits for the customer's server."""
    company_id = principal.company()
    with transaction():
        tenancy.enter_company(company_id)
        connection = get(principal, connection_id)
        url, params = connection.url, connection.connection_params
    tested = database_access.test_url(company_id, url, params)
    values = _outcome(tested)
    with transaction():
        tenancy.enter_company(company_id)
        if not database_connections.change(company_id=company_id, connection_id=connection_id, values=values):
            raise NotFound
    return TestReport(connection_id, values["tested_at"], tested)


def change(principal: Principal, connection_id: UUID, wanted: Mapping[str, Any]) -> DatabaseConnection:
    """Changes the given fields; another URL is tried out first. A URL that comes as it was read back, masked, stays as
    it is. Waits for the customer's server."""
    company_id = principal.company()
    with transaction():
        tenancy.enter_company(company_id)
        before = get(principal, connection_id)
        if "agent_id" in wanted and wanted["agent_id"] != before.agent_id:
            _check_agent(company_id, wanted["agent_id"])
        changes = _changes(before, wanted)
        after = {name: changes.get(name, getattr(before, name)) for name in _TRIED}
    outcome: dict[str, Any] = {}
    if not _TRIED.isdisjoint(changes):
        named = changes.get("database_type", after["database_type"])
        where = _read(after["url"], after["connection_params"], named)
        outcome = {**_outcome(_require_works(company_id, where)), "database_type": where.database_type}
    with transaction():
        tenancy.enter_company(company_id)
        connection = database_connections.lock(company_id=company_id, connection_id=connection_id)
        if connection is None:
            raise NotFound
        if changes:
            _apply(principal, connection, changes, outcome)
    if "agent_id" in changes:
        with transaction():
            tenancy.enter_company(company_id)
            embedding_spaces.follow_settings(company_id=company_id, agent_id=changes["agent_id"])
    return connection


def delete(principal: Principal, connection_id: UUID) -> None:
    """Deletes a connection softly: from the commit on nothing is asked of its database, and nothing known of it is
    found."""
    company_id = principal.company()
    connection = get(principal, connection_id)
    database_connections.set_deleted(company_id=company_id, connection_id=connection_id, at=now(), deletion_id=new_id())
    _record(
        principal,
        Event.DATABASE_CONNECTION_DELETED,
        connection,
        before={"name": connection.name},
        risk=RiskLevel.MEDIUM,
    )


def restore(principal: Principal, connection_id: UUID) -> DatabaseConnection:
    """Brings a deleted connection back with what is known of its database; tables that were deleted on their own stay
    deleted."""
    company_id = principal.company()
    connection = database_connections.get(company_id=company_id, connection_id=connection_id, include_deleted=True)
    if connection is None:
        raise NotFound
    if connection.deleted_at is None:
        raise NotDeleted
    if agents.get(company_id=company_id, agent_id=connection.agent_id) is None:
        raise AgentDeleted
    connection.deleted_at = connection.deletion_id = None
    _record(principal, Event.DATABASE_CONNECTION_RESTORED, connection)
    embedding_spaces.follow_settings(company_id=company_id, agent_id=connection.agent_id)
    return connection


def masked_url(connection: DatabaseConnection) -> str:
    """The URL as people may see it."""
    return target.masked(connection.url)


def _check_agent(company_id: UUID, agent_id: UUID) -> None:
    if agents.get(company_id=company_id, agent_id=agent_id) is None:
        raise NotFound("There is no agent by this id.")


def _read(url: str, params: Mapping[str, Any], named: str) -> Target:
    try:
        where = database_access.target_of(url, params)
    except UrlRefused as error:
        raise DatabaseRefused(error) from None
    if not target.is_type(where, named):
        raise Invalid(errors={"database_type": [f"The URL is one of the type {where.database_type}."]})
    return where


def _require_works(company_id: UUID, where: Target) -> Tested:
    tested = database_access.test(company_id, where)
    if tested.error is not None:
        raise DatabaseRefused(tested.error)
    return tested


def _outcome(tested: Tested) -> dict[str, Any]:
    error = tested.error
    values: dict[str, Any] = {
        "status": ConnectionStatus.FAILED if error else ConnectionStatus.CONNECTED,
        "error_code": f"database_{error.failure}" if error else None,
        "error": error.detail if error else None,
        "tested_at": now(),
    }
    return values if error else {**values, "server_version": tested.server_version}


def _changes(connection: DatabaseConnection, wanted: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(wanted)
    if given.get("url") == masked_url(connection):
        del given["url"]
    elif f":{_MASK}@" in given.get("url", ""):
        # Never filled in for another host: the password would be sent to whoever the caller names.
        raise Invalid(errors={"url": ["This is a masked URL. Give the password anew when anything of it changes."]})
    if given.get("connection_params", {}) is None:
        given["connection_params"] = {}
    return {name: value for name, value in given.items() if value != getattr(connection, name)}


def _apply(
    principal: Principal, connection: DatabaseConnection, changes: Mapping[str, Any], outcome: Mapping[str, Any]
) -> None:
    before = _shown(connection)
    for name, value in {**changes, **outcome}.items():
        setattr(connection, name, value)
    after: dict[str, Any] = {**_shown(connection), **({"url": "changed"} if "url" in changes else {})}
    # Where visitors' questions are answered from has changed.
    risk = RiskLevel.MEDIUM if "url" in changes else RiskLevel.LOW
    _record(principal, Event.DATABASE_CONNECTION_CHANGED, connection, before=before, after=after, risk=risk)


def _shown(connection: DatabaseConnection) -> dict[str, Any]:
    """What audit entries tell: never the URL, not even without its password."""
    return {"name": connection.name, "database_type": connection.database_type, "agent_id": connection.agent_id}


def _record(
    principal: Principal,
    event: Event,
    connection: DatabaseConnection,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    risk: RiskLevel = RiskLevel.LOW,
) -> None:
    audit.record(
        event,
        "database_connection",
        connection.id,
        company_id=connection.company_id,
        by=principal,
        before=before,
        after=after,
        risk=risk,
    )
