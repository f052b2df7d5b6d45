"""Signing in and out. A session is one sign-in; its refresh token is used once and replaced, and a token that comes
a second time was stolen, so the session ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import after_commit
from app.errors import AppError, TooMany, Unauthenticated
from app.models.audit_entry import RiskLevel
from app.models.company import Company, CompanyStatus
from app.models.user import Role, User, UserStatus
from app.models.user_session import UserSession
from app.realtime import publisher
from app.repositories import companies, login_throttles, user_sessions, users
from app.security import passwords, tokens
from app.security.principal import Principal, PrincipalKind
from app.services import audit, authentication
from app.services.audit import Event
from app.services.authentication import SessionEnded, TenantSuspended


class LoginFailed(Unauthenticated):
    """Wrong e-mail or password; the answer doesn't say which. The failure is counted."""

    code = "invalid_credentials"
    detail = "E-mail or password is wrong."
    keeps_writes = True


class LoginLocked(TooMany):
    """Too many failures for this e-mail, existing or not."""

    code = "login_locked"
    keeps_writes = True


class EmailNotVerified(Unauthenticated):
    """This installation wants a verified e-mail before the first sign-in."""

    code = "email_not_verified"
    detail = "Verify your e-mail address first: open the link in the mail, or ask for a new one at /v1/send."


class RefreshTokenReused(Unauthenticated):
    """A refresh token came twice: one of the two senders is not the user."""

    code = "refresh_token_reused"
    detail = "This refresh token has been used before. The session was ended for safety; sign in again."
    keeps_writes = True


_LOCKED = (
    "Signing in with this e-mail is locked after too many failures. Wait for the time that Retry-After gives, or reset "
    "the password."
)


@dataclass(frozen=True)
class SignedIn:
    """Fresh tokens and whose they are. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: User
    company: Company | None
    token_type: str = "Bearer"


def log_in(*, email: str, password: str) -> SignedIn:
    """A new session for e-mail and password; raises `LoginFailed`, `LoginLocked` or why the user may not."""
    _refuse_locked(email)
    with across_companies("only the e-mail says which company the user is of"):
        user = users.find_by_email_across_companies(email)
    if not passwords.verify(user.password_hash if user else None, password) or user is None:
        raise _failed(email, user)
    _refuse_locked(email)  # others may have failed while the hash was computed: a burst must not outrun the lock
    company = _enter(user)
    _check_may_sign_in(user)
    # While the hash was computed a reset may have ended all sessions: none may begin with the old password after it.
    if not users.note_login(company_id=user.company_id, user_id=user.id, password_hash=user.password_hash, at=now()):
        raise _failed(email, user)
    login_throttles.forget(email)
    if passwords.outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    session = open_for(user, life=timedelta(days=settings().refresh_token_days))
    audit.record(Event.LOGIN_SUCCEEDED, "user", user.id, company_id=user.company_id, by=user.id)
    return _signed_in(user, company, session.id, session.refresh_id)


def refresh(token: str) -> SignedIn:
    """New tokens for a refresh token, which is used up by it; raises `RefreshTokenReused` the second time."""
    principal, claims = authentication.by_refresh_token(token)
    session_id = claims.session_id
    # Impersonations get no refresh token; one that was made all the same must not make them longer.
    if session_id is None or principal.impersonator_id is not None:
        raise SessionEnded
    following = new_id()
    rotated = user_sessions.rotate_refresh(
        company_id=principal.company_id,
        session_id=session_id,
        used=claims.token_id,
        following=following,
        at=now(),
        expires_at=now() + timedelta(days=settings().refresh_token_days),
    )
    if not rotated:
        end(principal, because="refresh token reused")
        audit.record(
            Event.REFRESH_TOKEN_REUSED,
            "user_session",
            session_id,
            company_id=principal.company_id,
            by=principal,
            risk=RiskLevel.CRITICAL,
        )
        raise RefreshTokenReused
    return _signed_in(*_own(principal), session_id, following)


def log_out(principal: Principal) -> None:
    """Ends the caller's session at once."""
    end(principal, because="signed out")
    home = authentication.come_home(principal)
    audit.record(Event.LOGGED_OUT, "user_session", principal.session_id, company_id=home, by=principal)


def end_all_of(user: User, *, because: str) -> int:
    """Ends every session of a user, and those in which the user acts as somebody else. Returns how many. The
    transaction must be open for the user's company."""
    _tell_listeners([user.id])
    ended = user_sessions.revoke_all_of(company_id=user.company_id, user_id=user.id, at=now(), because=because)
    if user.role == Role.SUPER_ADMIN:
        with across_companies("super admins act as users of all companies"):
            others = user_sessions.revoke_impersonations_across_companies(by=user.id, at=now(), because=because)
        _tell_listeners(others)
        ended += len(others)
    return ended


def end(principal: Principal, *, because: str) -> None:
    """Ends the session of the caller."""
    if principal.session_id is None:
        raise SessionEnded
    home = authentication.come_home(principal)
    user_sessions.revoke(company_id=home, session_id=principal.session_id, at=now(), because=because)
    after_commit(lambda: publisher.recheck_caller(principal.name))
    if principal.is_super_admin:
        end_begun_with(principal.session_id, because=because)


def end_begun_with(credential_id: UUID, *, because: str) -> None:
    """Ends what a super admin does as others by this session or API key, which has ended itself."""
    with across_companies("super admins act as users of all companies"):
        others = user_sessions.revoke_begun_with_across_companies(credential_id, at=now(), because=because)
    _tell_listeners(others)


def _tell_listeners(user_ids: Iterable[UUID]) -> None:
    """Has whatever is listened to in the name of these users asked about."""
    for user_id in set(user_ids):
        after_commit(partial(publisher.recheck_caller, f"{PrincipalKind.USER}:{user_id}"))


def open_for(user: User, *, life: timedelta, impersonator: Principal | None = None) -> UserSession:
    """A new session of a user, whose company the transaction must be open for; of the `impersonator` who acts as the
    user, if any."""
    origin = audit.origin.get()
    session = UserSession(
        id=new_id(),
        company_id=user.company_id,
        user_id=user.id,
        refresh_id=new_id(),
        expires_at=now() + life,
        ip=origin.ip,
        user_agent=origin.user_agent,
        impersonator_id=impersonator.user_id if impersonator else None,
        begun_with=(impersonator.session_id or impersonator.id) if impersonator else None,
    )
    user_sessions.add(session)
    return session


def _refuse_locked(email: str) -> None:
    until = login_throttles.locked_until(email)
    if until is not None and until > now():
        raise LoginLocked(_LOCKED, retry_after=_seconds_to(until))


def _failed(email: str, user: User | None) -> LoginFailed | LoginLocked:
    failures = login_throttles.count_failure(email, at=now())  # one after the other: it locks the row
    until = login_throttles.locked_until(email)
    if until is not None and until > now():
        # The lock fell while the hash was computed: nobody in that burst learns any more whether a password was wrong.
        return LoginLocked(_LOCKED, retry_after=_seconds_to(until))
    extra = failures - settings().login_failures_allowed
    if extra >= 0:
        seconds = min(settings().login_lock_max_seconds, settings().login_lock_seconds * 2 ** min(extra, 30))
        login_throttles.lock(email, until=now() + timedelta(seconds=seconds))
    company_id = user.company_id if user else None
    tenancy.enter_company(company_id)
    audit.record(
        Event.LOGIN_LOCKED if extra >= 0 else Event.LOGIN_FAILED,
        "user",
        user.id if user else None,
        company_id=company_id,
        by=None,
        after={"email": email, "failures": failures},
        risk=RiskLevel.HIGH if extra >= 0 else RiskLevel.MEDIUM,
    )
    return LoginFailed()


def _seconds_to(moment: datetime) -> int:
    return max(1, int((moment - now()).total_seconds()) + 1)


def _enter(user: User) -> Company | None:
    tenancy.enter_company(user.company_id)
    if user.company_id is None:
        return None
    company = companies.get(user.company_id)
    if company is None or company.status != CompanyStatus.ACTIVE:
        raise _refused(user, TenantSuspended())
    return company


def _check_may_sign_in(user: User) -> None:
    if user.status != UserStatus.ACTIVE:
        raise _refused(user, authentication.UserNotActive())
    if settings().require_verified_email and user.email_verified_at is None:
        raise _refused(user, EmailNotVerified())


def _refused(user: User, error: AppError) -> AppError:
    """Whoever comes with the right password and may not is worth an entry that outlives the refusal."""
    audit.record(
        Event.LOGIN_FAILED,
        "user",
        user.id,
        company_id=user.company_id,
        by=None,
        after={"email": user.email, "refusal": error.code},
        risk=RiskLevel.MEDIUM,
    )
    error.keeps_writes = True
    return error


def _own(principal: Principal) -> tuple[User, Company | None]:
    user = users.get(company_id=principal.company_id, user_id=principal.id)
    if user is None:
        raise SessionEnded
    return user, companies.get(principal.company_id) if principal.company_id else None


def _signed_in(user: User, company: Company | None, session_id: UUID, refresh_id: UUID) -> SignedIn:
    return SignedIn(
        access_token=tokens.issue_access(user.id, session_id),
        refresh_token=tokens.issue_refresh(user.id, session_id, refresh_id),
        expires_in=settings().access_token_minutes * 60,
        user=user,
        company=company,
    )
