"""Shapes of the authentication routes."""

from marshmallow import fields, validate

from app.http.fields import email, identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, text
from app.http.shared import CompanyResponse, UserResponse
from app.models.user import Role
from app.security.passwords import MAX_LENGTH


def _password(description: str) -> fields.String:
    return fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(min=1, max=MAX_LENGTH),
        metadata={**doc(description, "correct horse battery staple"), "format": "password"},
    )


class NewUserRequest(StrictSchema):
    """What every new user is made of."""

    email = email("Signs in with it; unique on the whole installation.", required=True)
    username = text("Unique within the company.", "alice", max_length=64, required=True)
    password = _password("At least as long as the installation asks for (10 characters by default).")
    first_name = text("Given name.", "Alice", max_length=100, required=True)
    last_name = text("Family name.", "Archer", max_length=100, required=True)


class RegisterRequest(NewUserRequest):
    """Registers the first admin of a new company, or somebody who was invited."""

    company_id = identifier("The company.", required=True)
    setup_token = text("From the answer of POST /v1/company; for the first admin.", "ImU4…", max_length=500)
    invitation_token = text("From the mail; for somebody who was invited.", "ImE1…", max_length=500)


class AddUserRequest(NewUserRequest):
    """Adds a user to the company."""

    company_id = identifier("The company; for super admins only, others add to their own.")
    role = fields.Enum(
        Role,
        by_value=True,
        load_default=Role.MEMBER,
        validate=validate.NoneOf([Role.SUPER_ADMIN]),
        metadata=doc("What the user may do. Only admins can make admins.", "member"),
    )


class LoginRequest(StrictSchema):
    """E-mail and password."""

    email = email("The user's e-mail.", required=True)
    password = _password("The user's password.")


class SignedInResponse(ResponseSchema):
    """Tokens of a session."""

    access_token = fields.String(metadata=doc("Goes into `Authorization: Bearer`.", "eyJhbGciOiJSUzI1NiIs…"))
    refresh_token = fields.String(metadata=doc("Good once, at /v1/auth/refresh.", "eyJhbGciOiJSUzI1NiIs…"))
    token_type = fields.String(metadata=doc("Always Bearer.", "Bearer"))
    expires_in = fields.Integer(metadata=doc("Seconds until the access token expires.", 900))
    user = fields.Nested(UserResponse, metadata={"description": "Who signed in."})
    company = fields.Nested(
        CompanyResponse, allow_none=True, metadata={"description": "Their company; null for super admins."}
    )


class SuperAdminResponse(ResponseSchema):
    """The super admin is there. Anybody may ask, so the answer says nothing about who it is."""

    status = fields.String(metadata=doc("Always `ready`.", "ready"))


class MeResponse(ResponseSchema):
    """Who is calling, with their company."""

    user = fields.Nested(UserResponse, metadata={"description": "The user behind the call."})
    company = fields.Nested(
        CompanyResponse, allow_none=True, metadata={"description": "Their company; null for super admins."}
    )
    impersonator_id = identifier("The super admin acting as this user, if any.", allow_none=True)
    maintenance_notice = fields.String(
        allow_none=True, metadata=doc("What the operator wants the team to know; null: nothing.", "Back at noon.")
    )


class EmailRequest(StrictSchema):
    """An e-mail to which something is sent, if it is a user's."""

    email = email("The user's e-mail.", required=True)


class TokenRequest(StrictSchema):
    """A token from a mail."""

    token = text("The token of the mail's link.", "ImE1…", max_length=500, required=True)


class ResetPasswordRequest(TokenRequest):
    """A token from a mail, and the new password."""

    password = _password("The new password.")


class InviteRequest(StrictSchema):
    """Whom to invite as what."""

    email = email("Where the invitation goes; the one who accepts must use it.", required=True)
    role = fields.Enum(
        Role,
        by_value=True,
        load_default=Role.MEMBER,
        validate=validate.NoneOf([Role.SUPER_ADMIN]),
        metadata=doc("What the user will be.", "supporter"),
    )


class InvitationResponse(ResponseSchema):
    """An invitation on its way. Its token is in the mail and nowhere else."""

    id = identifier("The id of the invitation.")
    company_id = identifier("The company that invites.")
    email = fields.String(metadata=doc("Where it was sent.", "bob@acme.example"))
    role = fields.String(metadata=doc("What the user will be.", "supporter"))
    expires_at = moment("Until when it can be accepted.")


class AcceptedResponse(ResponseSchema):
    """Taken; the same answer whether or not there is such a user."""

    status = fields.String(metadata=doc("Always `accepted`.", "accepted"))
    detail = fields.String(metadata=doc("What happens now.", "If this e-mail is a user's, a mail is on its way."))
