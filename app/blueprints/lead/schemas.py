"""Shapes of the lead routes."""

import re
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import EXAMPLE_TIME, LanguageTag, PageAddress, email, identifier, moment, phone
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, seen, text
from app.models.lead import LeadStatus

# Control characters, line and paragraph separators, and what turns the direction of the text around it: a name that
# a stranger typed is shown to the team between other words.
_UNWANTED = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UNWANTED_IN_TEXT = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]")


class _Trimmed(fields.String):
    """A text without the space around it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).strip()


def _line(description: str, example: str, *, max_length: int = 100, **extra: Any) -> _Trimmed:
    rules = [validate.Length(min=1, max=max_length), _without(_UNWANTED), seen]
    return _Trimmed(validate=rules, metadata=doc(description, example), **extra)


def _without(unwanted: re.Pattern[str]) -> Any:
    def check(value: str) -> None:
        if unwanted.search(value):
            raise ma.ValidationError("May not contain control characters or marks that change the writing direction.")

    return check


class UpdateOwnLeadRequest(StrictSchema):
    """Any subset of what leads change of their own profile."""

    first_name = _line("Given name.", "Vera")
    last_name = _line("Family name.", "Visitor")
    phone = phone("Phone number with its country code; null removes it.", allow_none=True)
    consent_marketing = fields.Boolean(metadata=doc("Whether they want to hear from the company.", False))
    consent_data_processing = fields.Boolean(metadata=doc("Whether their data may be processed.", True))


class UpdateLeadRequest(UpdateOwnLeadRequest):
    """Any subset of a lead's fields."""

    email = email("E-mail address.", "vera@example.com")
    source = _line("Where they came from.", "widget", allow_none=True)
    notes = _Trimmed(
        allow_none=True,
        validate=[validate.Length(max=5000), _without(_UNWANTED_IN_TEXT)],
        metadata=doc("What the team should know.", "Wants a quote for twelve bikes."),
    )
    status = fields.Enum(LeadStatus, by_value=True, metadata=doc("How far they have come.", "contacted"))


class CreateLeadRequest(UpdateLeadRequest):
    """A new lead."""

    class Meta(StrictSchema.Meta):
        exclude = ("status",)

    first_name = _line("Given name.", "Vera", required=True)
    last_name = _line("Family name.", "Visitor", required=True)
    email = email("E-mail address.", "vera@example.com", required=True)
    agent_id = identifier("The agent of the company that they met, if any.", allow_none=True)


class RegisterLeadRequest(CreateLeadRequest):
    """A visitor who says who they are."""

    agent_id = identifier("The agent whose widget they use.", required=True)
    consent_data_processing = fields.Boolean(
        metadata=doc("Whether their data may be processed. False is refused: nothing can be stored then.", True)
    )

    consent_version = _line("Which wording they were asked, as the widget's config names it.", "2026-11", max_length=50)
    language = LanguageTag("The language that the widget spoke with them.")
    page = PageAddress("The page that they were on; its query and fragment are not kept.")


class IdentifyLeadRequest(StrictSchema):
    """A visitor whom their company identifies."""

    agent_id = identifier("The agent whose widget they use.", required=True)
    token = fields.String(
        required=True,
        validate=validate.Length(1, 4096),
        metadata=doc("A JWT that the company signed: HS256, with sub, aud and exp.", "eyJhbGciOiJIUzI1NiIs…"),
    )


class LeadQuery(PageQuery):
    """Which leads are wanted."""

    status = fields.Enum(
        LeadStatus, by_value=True, load_default=None, metadata=doc("Only leads of this status.", "new")
    )
    search = text(
        "Part of the name (whatever the case and accents), the e-mail address or the phone number.",
        "vera",
        min_length=0,
        load_default="",
    )
    company_id = identifier("The company; for super admins, who belong to none.")


class OwnLeadResponse(ResponseSchema):
    """A lead's own profile, without what the team keeps about them."""

    id = identifier("The id of the lead.")
    company_id = identifier("The company whose site they visit.")
    agent_id = identifier("The agent that they met; null: none.", allow_none=True)
    first_name = fields.String(metadata=doc("Given name.", "Vera"))
    last_name = fields.String(metadata=doc("Family name.", "Visitor"))
    email = fields.String(
        allow_none=True,
        metadata=doc("E-mail address. Nobody has verified it; null: they gave none.", "vera@example.com"),
    )
    phone = fields.String(allow_none=True, metadata=doc("Phone number, E.164.", "+34911234567"))
    consent_marketing = fields.Boolean(metadata=doc("Whether they want to hear from the company.", False))
    consent_data_processing = fields.Boolean(metadata=doc("Whether their data may be processed.", True))
    created_at = moment("When they came.")
    updated_at = moment("When the profile was last changed.")


class ConsentResponse(ResponseSchema):
    """One answer to one question for consent."""

    kind = fields.String(metadata=doc("`data_processing` or `marketing`.", "marketing"))
    granted = fields.Boolean(metadata=doc("What they said.", True))
    version = fields.String(allow_none=True, metadata=doc("Which wording; null: not known.", "2026-11"))
    language = fields.String(allow_none=True, metadata=doc("In which language they read it.", "es"))
    at = fields.String(metadata={**doc("When.", EXAMPLE_TIME), "format": "date-time"})


class LeadResponse(OwnLeadResponse):
    """A lead, as the team sees them."""

    source = fields.String(allow_none=True, metadata=doc("Where they came from.", "widget"))
    notes = fields.String(allow_none=True, metadata=doc("Notes.", "Wants a quote for twelve bikes."))
    status = fields.String(metadata=doc("`new`, `contacted`, `qualified`, `converted` or `lost`.", "new"))
    external_id = fields.String(
        allow_none=True, metadata=doc("Who they are to the company that identified them; null: they said it.", "4711")
    )
    consents = fields.List(
        fields.Nested(ConsentResponse), metadata={"description": "What they were asked and said, the oldest first."}
    )
    language = fields.String(allow_none=True, metadata=doc("The language that the widget spoke with them.", "es"))
    page = fields.String(
        allow_none=True, metadata=doc("The page that they were on, without its query.", "https://acme.example/bikes")
    )


LeadPage = page_of(LeadResponse)


class RegisteredLeadResponse(ResponseSchema):
    """A lead, with the tokens that open their own conversations."""

    lead = fields.Nested(OwnLeadResponse, metadata={"description": "Their profile."})
    access_token = fields.String(metadata=doc("Goes into `Authorization: Bearer`.", "eyJhbGciOiJSUzI1NiIs…"))
    refresh_token = fields.String(
        metadata=doc("Gets new tokens at `POST /v1/lead/refresh`, and opens nothing else.", "eyJhbGciOiJSUzI1NiIs…")
    )
    token_type = fields.String(metadata=doc("Always Bearer.", "Bearer"))
    expires_in = fields.Integer(metadata=doc("Seconds until the token expires.", 86_400))
