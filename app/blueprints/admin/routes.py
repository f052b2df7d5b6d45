"""Administering users."""

from typing import Any
from uuid import UUID

from app.blueprints.admin.audit_schemas import AuditLogQuery, AuditLogResponse, VerificationResponse, VerifyQuery
from app.blueprints.admin.config_schemas import ConfigEntryPage, ConfigEntryResponse, PutConfigRequest
from app.blueprints.admin.schemas import (
    DirectoryUserPage,
    ForcedResetResponse,
    ImpersonationResponse,
    SetRoleRequest,
    SetStatusRequest,
    UserDetailsResponse,
    UsersQuery,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, requires
from app.http.schemas import PageQuery
from app.http.shared import UserResponse
from app.models.user import Role, User
from app.repositories import audit_entries
from app.repositories.user_directory import Filters
from app.security.scopes import Resource, Scope
from app.services import audit_log, configuration, impersonation, user_administration, user_directory
from app.services.audit_log import Part
from app.services.audit_verification import Verification
from app.services.configuration import Change, Shown
from app.services.impersonation import Impersonation
from app.services.user_administration import ForcedReset

blp = Blueprint("admin", __name__, description="Users as admins see them, the audit log and the configuration.")

_BOTH = (Credential.API_KEY, Credential.JWT)
_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)
_SUPER = (Role.SUPER_ADMIN,)
_USERS = Resource.USERS


@blp.get("/v1/admin/user")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_ADMINS)
@blp.arguments(UsersQuery, location="query")
@blp.response(200, DirectoryUserPage)
def find_users(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """List the company's users; for super admins who name no company, everybody"""
    wanted, filters = _split(query)
    return user_directory.find(current_principal(), filters, wanted)


@blp.get("/v1/super-admin/company/<uuid:company_id>/user")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_SUPER)
@blp.arguments(UsersQuery, location="query")
@blp.response(200, DirectoryUserPage)
def find_users_of(query: dict[str, Any], company_id: UUID) -> Page[dict[str, Any]]:
    """List the users of a company"""
    wanted, filters = _split(query)
    return user_directory.find_of(current_principal(), company_id, filters, wanted)


@blp.get("/v1/admin/user/<uuid:user_id>")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_ADMINS)
@blp.response(200, UserDetailsResponse)
def get_user_details(user_id: UUID) -> dict[str, Any]:
    """Fetch a user, deleted or not, with what they can sign in with"""
    return user_directory.get(current_principal(), user_id)


@blp.patch("/v1/user/<uuid:user_id>/status")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_ADMINS, impersonated=False)
@blp.arguments(SetStatusRequest)
@blp.response(200, UserResponse)
def set_status(body: dict[str, Any], user_id: UUID) -> User:
    """Change a user's status; sessions and keys of users who are not active end at once"""
    return user_administration.set_status(current_principal(), user_id, **body)


@blp.patch("/v1/user/<uuid:user_id>/role")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_SUPER, impersonated=False)
@blp.arguments(SetRoleRequest)
@blp.response(200, UserResponse)
def set_role(body: dict[str, Any], user_id: UUID) -> User:
    """Change a user's role"""
    return user_administration.set_role(current_principal(), user_id, **body)


@blp.post("/v1/user/<uuid:user_id>/force-password-reset")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_ADMINS, impersonated=False)
@blp.response(202, ForcedResetResponse)
def force_password_reset(user_id: UUID) -> ForcedReset:
    """Take a user's password away, end every session and mail the link to choose a new one"""
    return user_administration.force_password_reset(current_principal(), user_id)


@blp.post("/v1/user/<uuid:user_id>/impersonate")
@requires(*_BOTH, scope=Scope.ADMIN, resource=_USERS, roles=_SUPER, impersonated=False)
@blp.response(201, ImpersonationResponse)
def impersonate(user_id: UUID) -> Impersonation:
    """Act as a user for a quarter of an hour"""
    return impersonation.start(current_principal(), user_id)


@blp.get("/v1/audit-log")
@requires(*_BOTH, scope=Scope.ADMIN, resource=Resource.AUDIT, roles=_ADMINS)
@blp.arguments(AuditLogQuery, location="query")
@blp.response(200, AuditLogResponse)
def find_audit_entries(query: dict[str, Any]) -> Part:
    """List what was done in the company; for super admins who name no company, on the platform"""
    window = {name: query.pop(name) for name in ("limit", "offset")}
    return audit_log.find(current_principal(), audit_entries.Filters(**query), **window)


@blp.get("/v1/audit-log/verify")
@requires(*_BOTH, scope=Scope.ADMIN, resource=Resource.AUDIT, roles=_ADMINS, category=Category.ANALYTICS, waits=True)
@blp.arguments(VerifyQuery, location="query")
@blp.response(200, VerificationResponse)
def verify_audit_log(query: dict[str, Any]) -> Verification:
    """Find out whether entries were changed, removed or put in by hand, and which"""
    known = {name: query.get(name) for name in ("known_position", "known_seal")}
    return audit_log.verify(current_principal(), after=query["after"], **known)


@blp.get("/v1/config")
@requires(*_BOTH, scope=Scope.ADMIN, resource=Resource.SETTINGS, roles=_ADMINS)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ConfigEntryPage)
def find_config(query: dict[str, int]) -> Page[Shown]:
    """List settings that can change at run time, and entries; sensitive ones for super admins alone, masked"""
    return configuration.find(current_principal(), PageRequest(**query))


@blp.patch("/v1/config")
@requires(*_BOTH, scope=Scope.ADMIN, resource=Resource.SETTINGS, roles=_ADMINS, impersonated=False)
@blp.arguments(PutConfigRequest)
@blp.response(200, ConfigEntryResponse)
def put_config(body: dict[str, Any]) -> Shown:
    """Create or change an entry: your company's, or for super admins who name no company a setting or the platform's"""
    change = Change(
        key=body["config_key"],
        value=body["config_value"],
        kind=body.get("config_type"),
        description=body.get("description"),
        is_sensitive=body.get("is_sensitive"),
    )
    return configuration.put(current_principal(), change)


def _split(query: dict[str, Any]) -> tuple[PageRequest, Filters]:
    wanted = PageRequest(query.pop("page"), query.pop("per_page"))
    return wanted, Filters(**query)
