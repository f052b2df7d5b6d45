"""Responses that more than one blueprint gives."""

from marshmallow import fields

from app.http.fields import identifier, moment
from app.http.schemas import ResponseSchema, doc


class CompanyResponse(ResponseSchema):
    """A company."""

    id = identifier("The id of the company.")
    name = fields.String(metadata=doc("Its name.", "Acme Travel"))
    email = fields.String(metadata=doc("Where it is reached.", "hello@acme.example"))
    phone = fields.String(allow_none=True, metadata=doc("Its phone number, E.164.", "+34911234567"))
    logo = fields.String(allow_none=True, metadata=doc("Address of its logo.", "https://acme.example/logo.png"))
    address_id = identifier("Its address.", allow_none=True)
    status = fields.String(metadata=doc("`active` or `suspended`.", "active"))
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")
    deleted_at = moment("When it was deleted; null while it lives.", allow_none=True)


class UserResponse(ResponseSchema):
    """A user, without anything secret."""

    id = identifier("The id of the user.")
    company_id = identifier("Their company; null for super admins.", allow_none=True)
    email = fields.String(metadata=doc("Signs in with it.", "alice@acme.example"))
    username = fields.String(metadata=doc("Unique within the company.", "alice"))
    first_name = fields.String(metadata=doc("Given name.", "Alice"))
    last_name = fields.String(metadata=doc("Family name.", "Archer"))
    role = fields.String(metadata=doc("super_admin, admin, supporter or member.", "admin"))
    status = fields.String(metadata=doc("active, inactive, suspended or pending.", "active"))
    email_verified_at = moment("When the e-mail was verified; null: not yet.", allow_none=True)
    last_login_at = moment("When they last signed in; null: never.", allow_none=True)
    timezone = fields.String(metadata=doc("IANA time zone.", "Europe/Madrid"))
    language = fields.String(metadata=doc("BCP 47 language tag.", "en"))
    preferences = fields.Dict(metadata=doc("What the frontend keeps for the user.", {"theme": "dark"}))
    created_at = moment("When they were added.")
    updated_at = moment("When they were last changed.")
