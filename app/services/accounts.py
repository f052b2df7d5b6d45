"""Users of a company: registering the first admin, accepting an invitation, adding and looking up users."""

from dataclasses import dataclass
from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.ids import new_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.errors import Conflict, Forbidden, NotFound
from app.models.audit_entry import RiskLevel
from app.models.one_time_token import OneTimeToken, TokenPurpose
from app.models.user import Role, User, UserStatus
from app.repositories import companies, users
from app.security import passwords
from app.security.principal import Principal
from app.services import audit, authentication, links
from app.services.audit import Event


@dataclass(frozen=True)
class NewUser:
    """A user to be. The password is in clear and goes no further than its hash."""

    email: str
    username: str
    password: str
    first_name: str
    last_name: str


class RegistrationRefused(Forbidden):
    """Neither the first admin of a new company nor somebody who was invited."""

    code = "registration_refused"
    detail = (
        "To register, send the setup_token that POST /v1/company answered with (first admin), or the "
        "invitation_token of the mail that invited you."
    )


class EmailTaken(Conflict):
    """E-mails say who signs in, so each can be used once on the whole installation."""

    code = "email_taken"
    detail = "A user with this e-mail exists already. Sign in, or reset the password."


class UsernameTaken(Conflict):
    """User names are unique within a company."""

    code = "username_taken"
    detail = "A user of your company has this name already. Choose another one."


def register(new: NewUser, *, company_id: UUID, setup_token: str | None, invitation_token: str | None) -> User:
    """The first admin of a new company, or whoever was invited; raises `RegistrationRefused` for everybody else."""
    if invitation_token:
        token = links.use(invitation_token, TokenPurpose.INVITATION)
        if token.company_id != company_id or (token.email or "").lower() != new.email.lower():
            raise RegistrationRefused("This invitation is for another company or another e-mail.")
        _check_inviter(token)
        return _create(new, company_id, Role(token.role or Role.MEMBER), token=token, event=Event.USER_REGISTERED)
    if not setup_token:
        raise RegistrationRefused
    token = links.use(setup_token, TokenPurpose.COMPANY_SETUP)
    tenancy.enter_company(company_id)
    if token.company_id != company_id or users.count_ever(company_id=company_id):
        raise RegistrationRefused("This company has users already. Ask one of its admins for an invitation.")
    return _create(new, company_id, Role.ADMIN, token=token, event=Event.USER_REGISTERED)


def add(principal: Principal, new: NewUser, *, company_id: UUID | None, role: Role) -> User:
    """A user of the caller's company (of any, for super admins)."""
    refuse_granting(principal, role)
    company = authentication.acting_for(principal, company_id)
    return _create(new, company, role, by=principal, event=Event.USER_ADDED)


def _check_inviter(token: OneTimeToken) -> None:
    """An invitation is worth no more than the one who sent it is on the day it is accepted."""
    with across_companies("super admins invite, too"):
        inviter = users.get_across_companies(token.created_by) if token.created_by else None
    if inviter is None or inviter.status != UserStatus.ACTIVE or inviter.role not in {Role.ADMIN, Role.SUPER_ADMIN}:
        raise RegistrationRefused("Whoever sent this invitation is no longer an admin. Ask for a new one.")


def refuse_granting(principal: Principal, role: Role) -> None:
    """Raises `Forbidden` when making a user of this role would give more power than the caller has."""
    if not principal.may_make(role):
        raise Forbidden(f"You can't make somebody {role}: that would be more than you may do yourself.")


def get(principal: Principal, user_id: UUID, *, include_deleted: bool = False) -> User:
    """A user of the caller's company; a super admin who names no company finds any."""
    if principal.is_super_admin and principal.company_id is None:
        with across_companies("super admins see the users of all companies"):
            user = users.get_across_companies(user_id, include_deleted=include_deleted)
    else:
        user = users.get(company_id=principal.company(), user_id=user_id, include_deleted=include_deleted)
    if user is None:
        raise NotFound
    return user


def enter(principal: Principal, user_id: UUID, *, include_deleted: bool = False) -> User:
    """The same, with the transaction open for that user's company."""
    user = get(principal, user_id, include_deleted=include_deleted)
    tenancy.enter_company(user.company_id)
    return user


def create_admin(new: NewUser, company_id: UUID) -> User:
    """A verified admin, for the installation itself: the demo company."""
    return _create(new, company_id, Role.ADMIN, event=Event.USER_ADDED, verified=True)


def seed_super_admin() -> User:
    """The super admin that the environment names, made at the first call; raises `NotFound` when it names none."""
    email, password = settings().super_admin_email, settings().super_admin_password
    if not email or not password:
        raise NotFound("SUPER_ADMIN_EMAIL and SUPER_ADMIN_PASSWORD are not set.")
    with across_companies("only the e-mail says who it is"):
        user = users.find_by_email_across_companies(email)
    if user is not None:
        if user.role != Role.SUPER_ADMIN:
            raise EmailTaken("SUPER_ADMIN_EMAIL belongs to a user of a company. Choose another one.")
        return user
    tenancy.enter_company(None)
    # Not one name for all: when the environment names another e-mail, there will be two of them.
    new = NewUser(email=email, username=email, password=password, first_name="Super", last_name="Admin")
    return _create(new, None, Role.SUPER_ADMIN, event=Event.SUPER_ADMIN_SEEDED, verified=True)


def _create(
    new: NewUser,
    company_id: UUID | None,
    role: Role,
    *,
    event: Event,
    by: Principal | None = None,
    token: OneTimeToken | None = None,
    verified: bool = False,
) -> User:
    tenancy.enter_company(company_id)
    if company_id is not None and companies.get(company_id) is None:
        raise NotFound
    passwords.check_strength(new.password, personal=(new.email, new.username))
    with across_companies("e-mails are unique over all companies"):
        if users.find_by_email_across_companies(new.email):
            raise EmailTaken
    if users.find_by_username(company_id=company_id, username=new.username):
        raise UsernameTaken
    # Whoever holds an invitation has shown that the e-mail is theirs.
    verified = verified or (token is not None and token.purpose == TokenPurpose.INVITATION)
    user = User(
        id=new_id(),
        company_id=company_id,
        email=new.email,
        username=new.username,
        password_hash=passwords.hash_password(new.password),
        first_name=new.first_name,
        last_name=new.last_name,
        role=role,
        status=UserStatus.ACTIVE,
        email_verified_at=now() if verified else None,
        password_changed_at=now(),
    )
    users.add(user)
    audit.record(
        event,
        "user",
        user.id,
        company_id=company_id,
        by=by or user.id,
        after={"email": user.email, "username": user.username, "role": role},
        risk=RiskLevel.HIGH if role in {Role.ADMIN, Role.SUPER_ADMIN} else RiskLevel.MEDIUM,
    )
    if not verified:
        links.mail_verification(user)
    return user
