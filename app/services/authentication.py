"""From a credential to a `Principal`. Every call asks Postgres whether the credential still stands, so a revoked
key, a suspended user and a deleted company are turned away at once."""

from uuid import UUID

from app.core import tenancy
from app.core.clock import now
from app.core.crypto import keyring
from app.errors import AppError, NotFound, Unauthenticated
from app.models.user import Role, UserStatus
from app.repositories import api_keys, companies, credentials
from app.repositories.credentials import Standing, StoredApiKey
from app.security import tokens
from app.security.principal import Principal, PrincipalKind
from app.security.scopes import ROLE_SCOPES, Scope, with_included
from app.security.tokens import Claims, TokenInvalid, TokenUse


class InvalidApiKey(Unauthenticated):
    """No such key, or not its secret; the answer doesn't say which."""

    detail = "X-API-Key and X-API-Secret don't fit together."


class ApiKeyExpired(Unauthenticated):
    """The key was good and has expired."""

    code = "api_key_expired"
    detail = "This API key has expired. Create a new one."


class ApiKeyRevoked(Unauthenticated):
    """The key was good and has been revoked."""

    code = "api_key_revoked"
    detail = "This API key has been revoked."


class SessionEnded(Unauthenticated):
    """The session was signed out, revoked or has expired."""

    code = "session_ended"
    detail = "This session has ended. Sign in again."


class UserNotActive(Unauthenticated):
    """The user behind the credential is suspended, inactive or deleted."""

    code = "user_not_active"
    detail = "The user behind this credential is not active."


class TenantSuspended(AppError):
    """The company is suspended or deleted."""

    status, code, title = 403, "tenant_suspended", "Company not active"
    detail = "This company's account is suspended or deleted. Contact the operator."


def by_api_key(key: str, secret: str) -> Principal:
    """The principal of an API key; raises a 401 that says what is wrong with it."""
    stored = credentials.enter_by_api_key(key)
    if stored is None or not keyring().matches_hash(secret, stored.secret_hash):
        raise InvalidApiKey
    if stored.revoked_at is not None:
        raise ApiKeyRevoked
    if stored.expires_at is not None and stored.expires_at <= now():
        raise ApiKeyExpired
    _check_standing(stored.standing)
    _renew_hash(stored, secret)
    role = _role_of_key(stored.standing)
    # A key can never do more than its maker can today.
    scopes = with_included([Scope(scope) for scope in stored.scopes]) & ROLE_SCOPES[role]
    return Principal(
        kind=PrincipalKind.API_KEY,
        id=stored.id,
        company_id=stored.standing.company_id,
        role=role,
        scopes=scopes,
        permissions=stored.permissions,
        user_id=stored.standing.user_id,
        rate_limits=stored.standing.rate_limits,
    )


def by_token(token: str) -> Principal:
    """The principal of an access token, a user's or a lead's; raises a 401 that says what is wrong with it."""
    claims = tokens.read(token)
    if claims.use is TokenUse.LEAD:
        return _lead(claims)
    if claims.use is not TokenUse.ACCESS:
        raise TokenInvalid("This is a refresh token: it only works where tokens are refreshed.")
    return _user(claims)


def by_refresh_token(token: str) -> tuple[Principal, Claims]:
    """The principal and claims of a refresh token. Whether it is the session's latest is for the caller to check."""
    claims = tokens.read(token)
    if claims.use is not TokenUse.REFRESH:
        raise TokenInvalid("This is not a refresh token.")
    return _user(claims), claims


def by_lead_refresh_token(token: str) -> Principal:
    """The lead of a visitor's refresh token."""
    claims = tokens.read(token)
    if claims.use is not TokenUse.LEAD_REFRESH:
        raise TokenInvalid("This is not a visitor's refresh token.")
    return _lead(claims)


def acting_for(principal: Principal, company_id: UUID | None) -> UUID:
    """The company that a call is about when it names one: the caller's own or, for super admins, any.

    Opens the transaction for it. Raises `NotFound` for another's company and `CompanyRequired` for a super admin who
    names none.
    """
    if company_id is None or company_id == principal.company_id:
        return principal.company()
    if not principal.is_super_admin:
        raise NotFound
    tenancy.enter_company(company_id)
    if companies.get(company_id, include_deleted=True) is None:
        raise NotFound
    return company_id


def come_home(principal: Principal) -> UUID | None:
    """Opens the transaction for the rows that the user behind the call is among, and returns their company: for super
    admins none, whichever company they act for."""
    home = None if principal.is_super_admin else principal.company_id
    if home != principal.company_id:
        tenancy.enter_company(home)
    return home


def _role_of_key(standing: Standing) -> Role:
    """The maker's role. A key that a super admin made for a company is an admin's there and nothing elsewhere."""
    role = Role(standing.role)
    return Role.ADMIN if role is Role.SUPER_ADMIN and standing.company_id is not None else role


def _renew_hash(stored: StoredApiKey, secret: str) -> None:
    """After a rotation of `SECRET_KEYS` the old ones can go once every API key has been used."""
    newest = keyring().keyed_hash(secret)
    if stored.secret_hash != newest:
        api_keys.renew_hash(company_id=stored.standing.company_id, key_id=stored.id, secret_hash=newest)


def _user(claims: Claims) -> Principal:
    stored = claims.session_id and credentials.enter_by_session(claims.session_id)
    if not stored or stored.standing.user_id != claims.subject:
        raise SessionEnded
    if stored.revoked_at is not None or stored.expires_at <= now():
        raise SessionEnded
    _check_standing(stored.standing)
    role = Role(stored.standing.role)
    return Principal(
        kind=PrincipalKind.USER,
        id=stored.standing.user_id,
        company_id=stored.standing.company_id,
        role=role,
        scopes=ROLE_SCOPES[role],
        user_id=stored.standing.user_id,
        session_id=stored.id,
        impersonator_id=stored.impersonator_id,
        rate_limits=stored.standing.rate_limits,
    )


def _lead(claims: Claims) -> Principal:
    stored = credentials.enter_by_lead(claims.subject)
    if stored is None:
        raise SessionEnded
    if not stored.company_live:
        raise TenantSuspended
    return Principal(
        kind=PrincipalKind.LEAD,
        id=stored.id,
        company_id=stored.company_id,
        role=None,
        rate_limits=stored.rate_limits,
    )


def _check_standing(standing: Standing) -> None:
    if standing.user_status != UserStatus.ACTIVE:
        raise UserNotActive
    if not standing.company_live:
        raise TenantSuspended
