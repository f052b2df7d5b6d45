"""Shapes of the profile routes."""

from marshmallow import fields, validate

from app.http.fields import known_zone, small_json
from app.http.schemas import StrictSchema, doc, text

_MAX_PREFERENCES = 16_384


class UpdateProfileRequest(StrictSchema):
    """Any subset of one's own profile."""

    first_name = text("Given name.", "Alice", max_length=100)
    last_name = text("Family name.", "Archer", max_length=100)
    timezone = fields.String(validate=known_zone, metadata=doc("IANA time zone.", "Europe/Madrid"))
    language = fields.String(
        validate=validate.Regexp(
            r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Not a BCP 47 language tag, as in pt-BR."
        ),
        metadata=doc("BCP 47 language tag.", "pt-BR"),
    )
    preferences = fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        values=fields.Raw(allow_none=True),
        validate=small_json(_MAX_PREFERENCES),
        metadata=doc("What the frontend keeps for the user; replaces what was there.", {"theme": "dark"}),
    )
