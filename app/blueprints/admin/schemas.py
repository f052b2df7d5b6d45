"""Shapes of the routes that administer users."""

from typing import Any

from marshmallow import fields, validate

from app.http.fields import Instant, identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.http.shared import CompanyResponse, UserResponse
from app.models.user import Role, UserStatus
from app.repositories.user_directory import SortBy, SortOrder


def _whether(description: str, **extra: Any) -> fields.Boolean:
    return fields.Boolean(metadata=doc(description, True), **extra)


class UsersQuery(PageQuery):
    """Which users are wanted, in which order. What is left out doesn't matter."""

    status = fields.Enum(UserStatus, by_value=True, metadata=doc("Their status.", "active"))
    role = fields.Enum(Role, by_value=True, metadata=doc("Their role.", "supporter"))
    email_verified = _whether("Whether their e-mail is verified.")
    two_factor_enabled = _whether("Whether they have a second factor. Nobody has one yet.")
    search = text("A part of their e-mail, user name or name, whatever its case and accents.", "alice", max_length=100)
    created_after = Instant("Added at this moment or later.")
    created_before = Instant("Added before this moment.")
    last_login_after = Instant("Last signed in at this moment or later.")
    last_login_before = Instant("Last signed in before this moment.")
    never_logged_in = _whether("Whether they have never signed in.")
    locked = _whether("Whether failed sign-ins lock them out at the moment.")
    high_login_attempts = _whether("Whether at least half as many sign-ins in a row have failed as lock them out.")
    timezone = text("Their IANA time zone.", "Europe/Madrid", max_length=64)
    language = text("Their language tag.", "en", max_length=35)
    include_deleted = _whether("Whether deleted users are listed, too.", load_default=False)
    only_deleted = _whether("Whether only deleted users are listed.", load_default=False)
    sort_by = fields.Enum(
        SortBy,
        by_value=True,
        load_default=SortBy.CREATED_AT,
        metadata=doc("What they are ordered by; those without a value come last.", "last_login_at"),
    )
    sort_order = fields.Enum(
        SortOrder, by_value=True, load_default=SortOrder.DESC, metadata=doc("Upwards or downwards.", "desc")
    )


class DirectoryUserResponse(UserResponse):
    """A user, with what matters to those who administer them."""

    email_verified = fields.Boolean(metadata=doc("Whether their e-mail is verified.", True))
    two_factor_enabled = fields.Boolean(metadata=doc("Whether they have a second factor. Nobody has yet.", False))
    failed_logins = fields.Integer(metadata=doc("Failed sign-ins in a row.", 2))
    locked_until = moment("Until when failed sign-ins lock them out; null: they don't.", allow_none=True)
    password_changed_at = moment("When they chose their password.", allow_none=True)
    deleted_at = moment("When they were deleted; null while they live.", allow_none=True)


DirectoryUserPage = page_of(DirectoryUserResponse)


class UserDetailsResponse(DirectoryUserResponse):
    """A user, with what they can sign in with."""

    active_sessions = fields.Integer(metadata=doc("Sessions that have not ended.", 2))
    active_api_keys = fields.Integer(metadata=doc("API keys that they made and that are good.", 1))


class SetStatusRequest(StrictSchema):
    """A user's new status."""

    status = fields.Enum(
        UserStatus,
        by_value=True,
        required=True,
        metadata=doc("Whoever is not active is signed out, and their keys stop working.", "suspended"),
    )
    reason = text("Why, for the audit log.", "Left the company.", max_length=500)


class SetRoleRequest(StrictSchema):
    """A user's new role."""

    role = fields.Enum(
        Role,
        by_value=True,
        required=True,
        validate=validate.NoneOf([Role.SUPER_ADMIN], error="A super admin belongs to no company."),
        metadata=doc("What the user may do.", "supporter"),
    )


class ForcedResetResponse(ResponseSchema):
    """A user who needs a new password."""

    user_id = identifier("The user.")
    email = fields.String(metadata=doc("Where the link is on its way to.", "bob@acme.example"))
    sessions_ended = fields.Integer(metadata=doc("Sessions that were ended.", 2))
    expires_at = moment("Until when the link works.")


class ImpersonationResponse(ResponseSchema):
    """A token that acts as the user. There is no refresh token."""

    access_token = fields.String(metadata=doc("Goes into `Authorization: Bearer`.", "eyJhbGciOiJSUzI1NiIs…"))
    token_type = fields.String(metadata=doc("Always Bearer.", "Bearer"))
    expires_in = fields.Integer(metadata=doc("Seconds until it expires.", 900))
    impersonator_id = identifier("The super admin behind it.")
    user = fields.Nested(UserResponse, metadata={"description": "The user that it acts as."})
    company = fields.Nested(CompanyResponse, metadata={"description": "The user's company."})
