"""Shapes of the profile routes."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

import marshmallow as ma
import orjson
from marshmallow import fields, validate

from app.http.schemas import StrictSchema, doc, text

_MAX_PREFERENCES = 16_384
_LARGEST_NUMBER = 999_999_999_999_999  # every language's JSON reads it exactly

# Once a process: it walks through hundreds of files.
_zones = cache(available_timezones)


def _known_zone(name: str) -> None:
    if name not in _zones():
        raise ma.ValidationError("Not an IANA time zone. Write it as in Europe/Madrid.")


def _storable(value: Any) -> None:
    """Raises for what would come back from Postgres as something that JSON can't say: jsonb makes 1e308 an integer of
    309 digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > _LARGEST_NUMBER:
        raise ma.ValidationError(f"Numbers may have 15 digits at most: {value} is too large.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _storable(inner)


def _small(value: Any) -> None:
    _storable(value)
    if len(orjson.dumps(value)) > _MAX_PREFERENCES:
        raise ma.ValidationError(f"May have {_MAX_PREFERENCES} bytes at most, as JSON.")


class UpdateProfileRequest(StrictSchema):
    """Any subset of one's own profile."""

    first_name = text("Given name.", "Alice", max_length=100)
    last_name = text("Family name.", "Archer", max_length=100)
    timezone = fields.String(validate=_known_zone, metadata=doc("IANA time zone.", "Europe/Madrid"))
    language = fields.String(
        validate=validate.Regexp(
            r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Not a BCP 47 language tag, as in pt-BR."
        ),
        metadata=doc("BCP 47 language tag.", "pt-BR"),
    )
    preferences = fields.Dict(
        keys=fields.String(validate=validate.Length(max=100)),
        values=fields.Raw(allow_none=True),
        validate=_small,
        metadata=doc("What the frontend keeps for the user; replaces what was there.", {"theme": "dark"}),
    )
