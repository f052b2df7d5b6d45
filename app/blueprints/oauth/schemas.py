"""Shapes of the API key routes."""

from marshmallow import fields, validate

from app.core.settings import settings
from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of, text
from app.security.scopes import Resource, Scope

_SCOPES = validate.OneOf([scope.value for scope in Scope])


def _not_too_long(days: int) -> int:
    # Not a ready-made validator: the settings are not read yet when this module is imported.
    return validate.Range(1, settings().api_key_max_days)(days)


class CreateApiKeyRequest(StrictSchema):
    """What a new key is called and may do."""

    name = text(
        "What the key is for, for those who see it in a list.", "Web shop", max_length=100, load_default="API key"
    )
    scopes = fields.List(
        fields.Enum(Scope, by_value=True),
        load_default=lambda: [Scope.READ],
        validate=validate.Length(min=1, max=len(Scope)),
        metadata=doc("What the key may do; each scope includes the ones before it: read, write, admin.", ["read"]),
    )
    permissions = fields.Dict(
        keys=fields.String(validate=validate.OneOf([resource.value for resource in Resource])),
        values=fields.List(fields.String(validate=_SCOPES), validate=validate.Length(max=len(Scope))),
        load_default=None,
        allow_none=True,
        metadata=doc(
            "Narrows the scopes: only these resources, each with these actions. "
            f"Resources: {', '.join(resource.value for resource in Resource)}.",
            {"conversations": ["read"], "agents": ["read", "write"]},
        ),
    )
    expires_in_days = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=_not_too_long,
        metadata=doc("Days until the key stops working; without it, it never does.", 90),
    )


class ApiKeyResponse(ResponseSchema):
    """An API key, without its secret."""

    id = identifier("The id of the key.")
    key = fields.String(metadata=doc("What goes into X-API-Key.", "fdk_6f1c0a9be37d45d2a8f0c3b1e29d74"))
    name = fields.String(metadata=doc("What the key is for.", "Web shop"))
    scopes = fields.List(fields.String(), metadata=doc("What the key may do.", ["read"]))
    permissions = fields.Raw(
        allow_none=True, metadata=doc("What it is narrowed to; null: nothing.", {"agents": ["read"]})
    )
    created_by = identifier("The user who made it.")
    created_at = moment("When it was made.")
    expires_at = moment("When it stops working; null: never.", allow_none=True)
    last_used_at = moment("When it was last used, a few seconds late; null: never.", allow_none=True)


class CreatedApiKeyResponse(ApiKeyResponse):
    """A new API key with its secret, which is shown this once."""

    secret = fields.String(metadata=doc("What goes into X-API-Secret. Keep it: nobody can show it again.", "fds_9qX…"))


ApiKeyPage = page_of(ApiKeyResponse)


class CredentialResponse(ResponseSchema):
    """Who the presented credential stands for."""

    valid = fields.Boolean(metadata=doc("Always true: an invalid credential gets 401.", True))
    kind = fields.String(metadata=doc("Kind of caller.", "user"))
    id = identifier("The caller's id.")
    user_id = identifier("The user behind the call.", allow_none=True)
    company_id = identifier("The company; null for a super admin.", allow_none=True)
    role = fields.String(allow_none=True, metadata=doc("The user's role.", "admin"))
    scopes = fields.List(fields.String(), metadata=doc("What the caller may do.", ["read", "write", "admin"]))
    session_id = identifier("The session of the token.", allow_none=True)
    impersonator_id = identifier("The super admin acting as this user, if any.", allow_none=True)
