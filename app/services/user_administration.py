"""Administering users: their status, their role, a new password for them.

Nobody does it to themselves, and every company (and the platform) keeps somebody who can administer it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.errors import Conflict, Forbidden, NotFound
from app.models.audit_entry import RiskLevel
from app.models.user import Role, User, UserStatus
from app.repositories import users
from app.security import passwords
from app.security.principal import Principal
from app.services import accounts, audit, links, sessions
from app.services.audit import Event

_UNUSABLE_BYTES = 32


class OwnAccount(Forbidden):
    """Status and role are for somebody else to change."""

    code = "own_account"
    detail = "You can't change your own status or role. Ask another administrator."


class LastAdmin(Conflict):
    """Without this one nobody could administer the company (or the platform) any more."""

    code = "last_admin"
    detail = "This is the last active administrator. Make somebody else one first."


class PlatformUser(Conflict):
    """Super admins belong to no company, and others to one."""

    code = "platform_user"
    detail = "A super admin belongs to no company and has no other role."


@dataclass(frozen=True)
class ForcedReset:
    """A user who needs a new password. Until `expires_at` the link of the mail works."""

    user_id: UUID
    email: str
    sessions_ended: int
    expires_at: datetime


def set_status(principal: Principal, user_id: UUID, *, status: UserStatus, reason: str | None = None) -> User:
    """Changes a user's status. Whoever isn't active any more is signed out, and their keys stop working.

    Raises `NotFound`, `OwnAccount` and `LastAdmin`.
    """
    user, peers = _lock(principal, user_id)
    if user.status == status:
        return user
    if status is not UserStatus.ACTIVE:
        _refuse_last(user, peers)
    before, user.status = user.status, status
    if status is not UserStatus.ACTIVE:
        # For good: a session that would live again with its user is one that nobody remembers.
        sessions.end_all_of(user, because=f"user {status}")
    audit.record(
        Event.USER_STATUS_CHANGED,
        "user",
        user.id,
        company_id=user.company_id,
        by=principal,
        before={"status": before},
        after={"status": status, "reason": reason},
        risk=RiskLevel.HIGH,
    )
    return user


def set_role(principal: Principal, user_id: UUID, *, role: Role) -> User:
    """Changes what a user may do, from the next call on.

    Raises `NotFound`, `OwnAccount`, `LastAdmin`, `PlatformUser`, and `Forbidden` for more than the caller may do.
    """
    user, peers = _lock(principal, user_id)
    if user.role == Role.SUPER_ADMIN:
        raise PlatformUser
    accounts.refuse_granting(principal, role)
    if user.role == role:
        return user
    _refuse_last(user, peers)
    before, user.role = user.role, role
    audit.record(
        Event.USER_ROLE_CHANGED,
        "user",
        user.id,
        company_id=user.company_id,
        by=principal,
        before={"role": before},
        after={"role": role},
        risk=RiskLevel.CRITICAL if role is Role.ADMIN else RiskLevel.HIGH,
    )
    return user


def force_password_reset(principal: Principal, user_id: UUID) -> ForcedReset:
    """Takes a user's password away, ends every session and mails the link to choose a new one; raises `NotFound`."""
    user = accounts.enter(principal, user_id)
    # A hash of what nobody knows: there is no flag to forget, and failing takes as long as with any other password.
    user.password_hash = passwords.hash_password(secrets.token_urlsafe(_UNUSABLE_BYTES))
    ended = sessions.end_all_of(user, because="password reset forced")
    token = links.mail_forced_reset(user)
    audit.record(
        Event.PASSWORD_RESET_FORCED,
        "user",
        user.id,
        company_id=user.company_id,
        by=principal,
        after={"sessions_ended": ended},
        risk=RiskLevel.HIGH,
    )
    return ForcedReset(user.id, user.email, ended, token.expires_at)


def _lock(principal: Principal, user_id: UUID) -> tuple[User, list[User]]:
    """The user, and the others who could administer in their place."""
    user = accounts.enter(principal, user_id)
    if user.id == principal.user_id:
        raise OwnAccount
    peers = Role.ADMIN if user.company_id else Role.SUPER_ADMIN
    locked = users.lock_with_peers(company_id=user.company_id, user_id=user_id, peers=peers)
    if user not in locked:
        raise NotFound  # deleted in this moment
    return user, [each for each in locked if each is not user]


def _refuse_last(user: User, others: list[User]) -> None:
    administers = user.status == UserStatus.ACTIVE and user.role in {Role.ADMIN, Role.SUPER_ADMIN}
    if administers and not others:
        raise LastAdmin
