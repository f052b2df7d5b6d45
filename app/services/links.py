"""Links in mails: e-mail verification, password reset, invitations, and the token that sets a new company up.

Each is a signed token over a row that can be used once. Asking for one never tells whether a user exists.
"""

from datetime import datetime, timedelta
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.errors import Conflict, Forbidden, NotFound
from app.models.audit_entry import RiskLevel
from app.models.mail import MailTemplate
from app.models.one_time_token import OneTimeToken, TokenPurpose
from app.models.user import Role, User
from app.repositories import companies, login_throttles, one_time_tokens, users
from app.security import passwords, signed_links
from app.security.principal import Principal
from app.security.signed_links import InvalidToken
from app.services import audit, authentication, mails, sessions
from app.services.audit import Event


class AlreadyMember(Conflict):
    """The e-mail belongs to a user already."""

    code = "email_taken"
    detail = "A user with this e-mail exists already."


def send_verification(email: str) -> None:
    """Has a fresh verification link mailed, if there is a user who needs one."""
    mails.ask(TokenPurpose.EMAIL_VERIFICATION, email)


def mail_verification(user: User) -> None:
    """Mails the link with which the user shows that the e-mail is theirs."""
    tenancy.enter_company(user.company_id)
    life = timedelta(hours=settings().verification_hours)
    mails.post(_issue_to(user, TokenPurpose.EMAIL_VERIFICATION, now() + life))


def verify_email(token: str) -> User:
    """Marks the user's e-mail as verified; raises `InvalidToken`."""
    user = _user_of(use(token, TokenPurpose.EMAIL_VERIFICATION))
    user.email_verified_at = user.email_verified_at or now()
    audit.record(Event.EMAIL_VERIFIED, "user", user.id, company_id=user.company_id, by=user.id)
    return user


def send_password_reset(email: str) -> None:
    """Has a reset link mailed, if there is such a user."""
    mails.ask(TokenPurpose.PASSWORD_RESET, email)


def mail_forced_reset(user: User) -> OneTimeToken:
    """Mails the link without which the user can't sign in any more, since an admin wants a new password. The
    transaction must be open for the user's company."""
    token = _issue_to(user, TokenPurpose.PASSWORD_RESET, now() + timedelta(minutes=settings().password_reset_minutes))
    mails.post(token, MailTemplate.FORCED_PASSWORD_RESET)
    return token


def issue_for(purpose: TokenPurpose, email: str) -> OneTimeToken | None:
    """The token that somebody asked for at this address; None when it is nobody's who needs one."""
    user = _find(email)
    if user is None:
        return None
    tenancy.enter_company(user.company_id)
    if purpose is TokenPurpose.PASSWORD_RESET:
        audit.record(
            Event.PASSWORD_RESET_ASKED, "user", user.id, company_id=user.company_id, by=None, risk=RiskLevel.MEDIUM
        )
        return _issue_to(user, purpose, now() + timedelta(minutes=settings().password_reset_minutes))
    if user.email_verified_at is not None:
        return None
    return _issue_to(user, purpose, now() + timedelta(hours=settings().verification_hours))


def reset_password(token: str, password: str) -> User:
    """Sets a new password, ends every session and lifts a lock; raises `InvalidToken` or `WeakPassword`."""
    user = _user_of(use(token, TokenPurpose.PASSWORD_RESET))
    passwords.check_strength(password, personal=(user.email, user.username))
    user.password_hash = passwords.hash_password(password)
    user.password_changed_at = now()
    # The link came by mail, so it shows the same as a verification link.
    user.email_verified_at = user.email_verified_at or now()
    sessions.end_all_of(user, because="password reset")
    login_throttles.forget(user.email)
    audit.record(Event.PASSWORD_RESET, "user", user.id, company_id=user.company_id, by=user.id, risk=RiskLevel.HIGH)
    return user


def invite(principal: Principal, *, company_id: UUID, email: str, role: Role) -> OneTimeToken:
    """Invites somebody to the company's team by mail; raises `AlreadyMember`."""
    company = authentication.acting_for(principal, company_id)
    if not principal.may_make(role):
        raise Forbidden(f"You can't invite somebody as {role}: that would be more than you may do yourself.")
    if companies.get(company) is None:
        raise NotFound
    if _find(email) is not None:
        raise AlreadyMember
    tenancy.enter_company(company)
    token = OneTimeToken(
        id=new_id(),
        company_id=company,
        purpose=TokenPurpose.INVITATION,
        email=email,
        role=role,
        created_by=principal.user_id,
        expires_at=now() + timedelta(days=settings().invitation_days),
    )
    one_time_tokens.add(token)
    mails.post(token)
    audit.record(
        Event.USER_INVITED,
        "invitation",
        token.id,
        company_id=company,
        by=principal,
        after={"email": email, "role": role},
        risk=RiskLevel.HIGH if role is Role.ADMIN else RiskLevel.MEDIUM,
    )
    return token


def issue_setup_token(company_id: UUID) -> str:
    """The token with which a new company's first admin registers. It is shown once and not mailed."""
    token = OneTimeToken(
        id=new_id(),
        company_id=company_id,
        purpose=TokenPurpose.COMPANY_SETUP,
        expires_at=now() + timedelta(hours=settings().setup_token_hours),
    )
    one_time_tokens.add(token)
    return signed_links.sign(token.id, TokenPurpose.COMPANY_SETUP)


def use(token: str, purpose: TokenPurpose) -> OneTimeToken:
    """Uses a token up and opens the transaction for its company; raises `InvalidToken`."""
    token_id = signed_links.read(token, purpose)
    with across_companies("only the token says which company it is of"):
        row = one_time_tokens.use_across_companies(token_id, purpose=purpose, at=now())
    if row is None:
        raise InvalidToken
    tenancy.enter_company(row.company_id)
    return row


def _find(email: str) -> User | None:
    with across_companies("only the e-mail says which company the user is of"):
        return users.find_by_email_across_companies(email)


def _user_of(token: OneTimeToken) -> User:
    user = token.user_id and users.get(company_id=token.company_id, user_id=token.user_id)
    if not user:
        raise InvalidToken
    return user


def _issue_to(user: User, purpose: TokenPurpose, expires_at: datetime) -> OneTimeToken:
    with across_companies("the user's earlier links stop working"):
        one_time_tokens.void_all_across_companies(user_id=user.id, purpose=purpose, at=now())
    token = OneTimeToken(
        id=new_id(),
        company_id=user.company_id,
        purpose=purpose,
        email=user.email,
        user_id=user.id,
        expires_at=expires_at,
    )
    one_time_tokens.add(token)
    return token
