"""Acting as a user: what super admins do to see what somebody else sees.

A session of that user, marked with who is behind it, for a quarter of an hour, and no longer than the session or the
API key that it was begun with. It can't be refreshed, and it opens nothing that would outlive it: see
`impersonated=False` of `app.http.requires`.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.errors import Conflict, Forbidden
from app.models.audit_entry import RiskLevel
from app.models.company import Company, CompanyStatus
from app.models.user import Role, User, UserStatus
from app.repositories import companies
from app.security import tokens
from app.security.principal import Principal
from app.services import accounts, audit, sessions
from app.services.audit import Event

LIFE = timedelta(minutes=15)


class CannotImpersonate(Forbidden):
    """Only super admins, in their own name, and only users of companies."""

    code = "cannot_impersonate"
    detail = "Only a super admin can act as somebody else, not while acting as another, and not as a super admin."


class KeyIsNarrowed(Forbidden):
    """The user may do more than the key, whatever the key is narrowed to."""

    code = "cannot_impersonate"
    detail = "This API key is narrowed to some resources, and the user is not. Use a key without permissions."


class NotImpersonable(Conflict):
    """The user could not sign in either."""

    code = "user_not_active"
    detail = "This user, or the user's company, is not active. There is nothing that they could see."


@dataclass(frozen=True)
class Impersonation:
    """An access token of the user. `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    impersonator_id: UUID
    user: User
    company: Company
    token_type: str = "Bearer"


def start(principal: Principal, user_id: UUID) -> Impersonation:
    """A session as this user; raises `NotFound`, `CannotImpersonate`, `KeyIsNarrowed` or `NotImpersonable`."""
    if not principal.is_super_admin or principal.impersonator_id is not None or principal.user_id is None:
        raise CannotImpersonate
    if principal.permissions is not None:
        raise KeyIsNarrowed
    user = accounts.enter(principal, user_id)
    if user.role == Role.SUPER_ADMIN or user.company_id is None:
        raise CannotImpersonate
    company = companies.get(user.company_id)
    if user.status != UserStatus.ACTIVE or company is None or company.status != CompanyStatus.ACTIVE:
        raise NotImpersonable
    session = sessions.open_for(user, life=LIFE, impersonator=principal)
    audit.record(
        Event.IMPERSONATION_STARTED,
        "user",
        user.id,
        company_id=user.company_id,
        by=principal,
        after={"session_id": session.id, "expires_at": session.expires_at},
        risk=RiskLevel.CRITICAL,
    )
    return Impersonation(
        access_token=tokens.issue_access(user.id, session.id, LIFE),
        expires_in=int(LIFE.total_seconds()),
        impersonator_id=principal.user_id,
        user=user,
        company=company,
    )
