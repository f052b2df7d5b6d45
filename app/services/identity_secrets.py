"""The secret that a company signs its visitors' identities with, one per agent, shown once."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.clock import now
from app.models.audit_entry import RiskLevel
from app.repositories import agents as agent_rows
from app.security.principal import Principal
from app.services import agents, audit
from app.services.audit import Event

_PREFIX = "fdi_"


@dataclass(frozen=True)
class NewIdentitySecret:
    """A fresh secret in clear: this is the only time that it is shown."""

    agent_id: UUID
    secret: str
    created_at: datetime
    algorithm: str = "HS256"


def create(principal: Principal, agent_id: UUID) -> NewIdentitySecret:
    """Makes a secret of 256 bits. Tokens that one before it signed are refused from now on."""
    agent = agents.get(principal, agent_id)
    fresh = NewIdentitySecret(agent.id, _PREFIX + secrets.token_urlsafe(32), now())
    before = {"has_identity_secret": agent.has_identity_secret}
    agent_rows.set_identity_secret(
        company_id=agent.company_id, agent_id=agent.id, secret=fresh.secret, at=fresh.created_at
    )
    audit.record(
        Event.IDENTITY_SECRET_CREATED,
        "agent",
        agent.id,
        company_id=agent.company_id,
        by=principal,
        before=before,
        risk=RiskLevel.HIGH,
    )
    return fresh


def delete(principal: Principal, agent_id: UUID) -> None:
    """Removes the secret, if there is one: nobody is identified any more."""
    agent = agents.get(principal, agent_id)
    if not agent.has_identity_secret:
        return
    agent_rows.set_identity_secret(company_id=agent.company_id, agent_id=agent.id, secret=None, at=None)
    audit.record(
        Event.IDENTITY_SECRET_DELETED,
        "agent",
        agent.id,
        company_id=agent.company_id,
        by=principal,
        risk=RiskLevel.MEDIUM,
    )
