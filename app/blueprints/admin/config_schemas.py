"""Shapes of the configuration."""

from marshmallow import fields, validate

from app.http.fields import moment, small_json
from app.http.schemas import ResponseSchema, StrictSchema, doc, page_of, text
from app.models.config_entry import ConfigType

_MOST_BYTES = 16_384


class PutConfigRequest(StrictSchema):
    """An entry to create or change."""

    config_key = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_.-]{0,99}\Z",
            error="Lower-case letters, digits, dots, dashes and underscores; a letter first.",
        ),
        metadata=doc("Its name: that of a setting, or any other.", "maintenance_notice"),
    )
    config_value = fields.Raw(
        required=True,
        allow_none=True,
        validate=small_json(_MOST_BYTES),
        metadata=doc(
            f"Its value, {_MOST_BYTES} bytes at most as JSON. Null gives a setting back to the environment.",
            "Back at noon.",
        ),
    )
    config_type = fields.Enum(
        ConfigType, by_value=True, metadata=doc("What the value has to be; by default what it is, or was.", "string")
    )
    description = text("What it is for.", "Shown on top of every page.", max_length=500)
    is_sensitive = fields.Boolean(metadata=doc("Whether it is encrypted, and never read back in clear.", False))


class ConfigEntryResponse(ResponseSchema):
    """An entry of the configuration."""

    config_key = fields.String(metadata=doc("Its name.", "maintenance_notice"))
    config_value = fields.Raw(allow_none=True, metadata=doc("Its value; *** where it is sensitive.", "Back at noon."))
    config_type = fields.Enum(ConfigType, by_value=True, metadata=doc("What the value is.", "string"))
    description = fields.String(allow_none=True, metadata=doc("What it is for.", "Shown on top of every page."))
    is_sensitive = fields.Boolean(metadata=doc("Whether it is never read back in clear.", False))
    is_setting = fields.Boolean(metadata=doc("Whether Frontdesk itself goes by it.", True))
    scope = fields.String(metadata=doc("`platform`, or `company` for the company's own.", "platform"))
    source = fields.String(
        metadata=doc("`environment` for a setting that nobody has changed, otherwise `stored`.", "stored")
    )
    updated_at = moment("When it was last changed; null: never.", allow_none=True)


ConfigEntryPage = page_of(ConfigEntryResponse)
