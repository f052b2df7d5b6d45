"""Signing up, signing in and out, and the mails around it."""

from typing import Any
from uuid import UUID

from app.blueprints.auth.schemas import (
    AcceptedResponse,
    AddUserRequest,
    EmailRequest,
    InvitationResponse,
    InviteRequest,
    LoginRequest,
    MeResponse,
    RegisterRequest,
    ResetPasswordRequest,
    SignedInResponse,
    SuperAdminResponse,
    TokenRequest,
)
from app.errors import Unauthenticated
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, bearer_token, current_principal, public, requires
from app.http.shared import UserResponse
from app.models.one_time_token import OneTimeToken
from app.models.user import Role, User
from app.security.scopes import Resource, Scope
from app.services import accounts, companies, links, profiles, sessions
from app.services.accounts import NewUser
from app.services.sessions import SignedIn

blp = Blueprint("auth", __name__, description="Registration, sign-in and account mails.")

_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)
_ON_ITS_WAY = {"status": "accepted", "detail": "If this e-mail is a user's, a mail is on its way."}


@blp.get("/v1/auth/super-admin")
@public(category=Category.AUTHENTICATION)
@blp.response(200, SuperAdminResponse)
def seed_super_admin() -> dict[str, str]:
    """Make the super admin that the environment names; doing it again changes nothing"""
    accounts.seed_super_admin()
    return {"status": "ready"}


@blp.post("/v1/auth/register")
@public(category=Category.AUTHENTICATION)
@blp.arguments(RegisterRequest)
@blp.response(201, UserResponse)
def register(body: dict[str, Any]) -> Any:
    """Register the first admin of a new company, or accept an invitation"""
    tokens = {name: body.pop(name, None) for name in ("setup_token", "invitation_token")}
    company_id = body.pop("company_id")
    user = accounts.register(NewUser(**body), company_id=company_id, **tokens)
    return user, 201, {"Location": f"/v1/user/{user.id}"}


@blp.post("/v1/auth/user")
@requires(
    Credential.API_KEY, Credential.JWT, scope=Scope.WRITE, resource=Resource.USERS, roles=_ADMINS, impersonated=False
)
@blp.arguments(AddUserRequest)
@blp.response(201, UserResponse)
def add_user(body: dict[str, Any]) -> Any:
    """Add a user to the company"""
    company_id, role = body.pop("company_id", None), body.pop("role")
    user = accounts.add(current_principal(), NewUser(**body), company_id=company_id, role=role)
    return user, 201, {"Location": f"/v1/user/{user.id}"}


@blp.get("/v1/user/<uuid:user_id>")
@requires(Credential.API_KEY, Credential.JWT, scope=Scope.READ, resource=Resource.USERS, roles=_ADMINS)
@blp.response(200, UserResponse)
def get_user(user_id: UUID) -> User:
    """Fetch a user of the company"""
    return accounts.get(current_principal(), user_id)


@blp.post("/v1/auth/login")
@public(category=Category.AUTHENTICATION)
@blp.arguments(LoginRequest)
@blp.response(200, SignedInResponse)
def log_in(body: dict[str, str]) -> SignedIn:
    """Sign in"""
    return sessions.log_in(**body)


@blp.get("/v1/auth/user/me")
@requires(Credential.API_KEY, Credential.JWT, scope=Scope.READ, resource=Resource.PROFILE)
@blp.response(200, MeResponse)
def get_me() -> dict[str, Any]:
    """Fetch yourself and your company"""
    principal = current_principal()
    # The company first: looking a super admin's own row up leaves the company that they act for.
    company = companies.get_own(principal) if principal.company_id else None
    return {
        "user": profiles.get(principal),
        "company": company,
        "impersonator_id": principal.impersonator_id,
        "maintenance_notice": profiles.maintenance_notice(),
    }


@blp.post("/v1/auth/logout")
@requires(Credential.JWT)
@blp.response(204)
def log_out() -> None:
    """Sign out: the session's tokens stop working with the next call"""
    sessions.log_out(current_principal())


@blp.post("/v1/auth/refresh")
@public(category=Category.AUTHENTICATION)
@blp.response(200, SignedInResponse)
def refresh() -> SignedIn:
    """Get new tokens for a refresh token, which works once"""
    token = bearer_token()
    if token is None:
        raise Unauthenticated("Send the refresh token as Authorization: Bearer.")
    return sessions.refresh(token)


@blp.post("/v1/send")
@public(category=Category.AUTHENTICATION)
@blp.arguments(EmailRequest)
@blp.response(202, AcceptedResponse)
def send_verification(body: dict[str, str]) -> dict[str, str]:
    """Send a verification mail"""
    links.send_verification(body["email"])
    return _ON_ITS_WAY


@blp.post("/v1/verify")
@public(category=Category.AUTHENTICATION)
@blp.arguments(TokenRequest)
@blp.response(200, UserResponse)
def verify_email(body: dict[str, str]) -> User:
    """Verify an e-mail with the token of the mail"""
    return links.verify_email(body["token"])


@blp.post("/v1/auth/forgot-password")
@public(category=Category.AUTHENTICATION)
@blp.arguments(EmailRequest)
@blp.response(202, AcceptedResponse)
def forgot_password(body: dict[str, str]) -> dict[str, str]:
    """Send a password reset mail"""
    links.send_password_reset(body["email"])
    return _ON_ITS_WAY


@blp.post("/v1/auth/reset-password")
@public(category=Category.AUTHENTICATION)
@blp.arguments(ResetPasswordRequest)
@blp.response(200, UserResponse)
def reset_password(body: dict[str, str]) -> User:
    """Choose a new password with the token of the mail; every session ends"""
    return links.reset_password(body["token"], body["password"])


@blp.post("/v1/company/<uuid:company_id>/invitation")
@requires(
    Credential.API_KEY, Credential.JWT, scope=Scope.WRITE, resource=Resource.USERS, roles=_ADMINS, impersonated=False
)
@blp.arguments(InviteRequest)
@blp.response(201, InvitationResponse)
def invite(body: dict[str, Any], company_id: UUID) -> OneTimeToken:
    """Invite somebody to the company's team by mail"""
    return links.invite(current_principal(), company_id=company_id, **body)
