"""What a widget's config may hold, for agents and for settings alike."""

import re
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
import orjson
from marshmallow import fields, validate

from app.http.fields import Email, LanguageTag, Phone, web_address
from app.http.schemas import StrictSchema, doc
from app.services.allowed_domains import MOST as MOST_DOMAINS
from app.services.allowed_domains import Domain
from app.services.widget_config import DEFAULT_COLOR

EXAMPLE: Mapping[str, Any] = {
    "primary_color": DEFAULT_COLOR,
    "position": "right",
    "texts": {"en": {"title": "Acme Bikes", "suggestions": ["How long is the warranty?"]}},
    "allowed_domains": ["acme.example", "*.acme.example"],
}
_MOST_BYTES = 60_000
_MOST_LANGUAGES = 20
_MOST_SUGGESTIONS = 6
# Control characters, and marks that turn the direction of what follows; paragraphs may have line breaks.
_UNWANTED = re.compile("[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class _Written(fields.String):
    """A text of a company, without the space around it."""

    def __init__(self, description: str, example: str, *, most: int, lines: bool = False) -> None:
        super().__init__(validate=[validate.Length(1, most), self._plain], metadata=doc(description, example))
        self._lines = lines

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).strip()

    def _plain(self, value: str) -> None:
        if _UNWANTED.search(value) or ("\n" in value and not self._lines):
            raise ma.ValidationError("May not contain control characters or marks that change the writing direction.")


class WidgetTextsRequest(StrictSchema):
    """What the widget says in one language. Whatever is left out it says in its own words."""

    title = _Written("Above the conversation, instead of the agent's name.", "Acme Bikes", most=80)
    subtitle = _Written("Below the title.", "Answers in seconds", most=120)
    greeting = _Written("What it says first.", "Hi! Ask me anything about our bikes.", most=1000, lines=True)
    suggestions = fields.List(
        _Written("A question that one touch asks.", "How long is the warranty?", most=200),
        validate=validate.Length(max=_MOST_SUGGESTIONS),
        metadata=doc(f"Questions to begin with, {_MOST_SUGGESTIONS} at most.", ["How long is the warranty?"]),
    )
    placeholder = _Written("In the empty field.", "Ask about bikes, orders, repairs…", most=100)
    teaser = _Written("Beside the bubble, once a visitor; in the embed code.", "Any question?", most=300)
    launcher_label = _Written("What screen readers say of the bubble; in the embed code.", "Chat with us", most=80)
    offline = _Written("Below the title outside of the operating hours.", "We are back on Monday", most=200)
    consent_data_processing = _Written(
        "What visitors agree to.", "I agree that Acme uses my details to answer me.", most=1000, lines=True
    )
    consent_marketing = _Written("What visitors may agree to.", "Send me news of Acme.", most=1000, lines=True)


class WidgetConsentRequest(StrictSchema):
    """What visitors are asked before they can write."""

    version = _Written("Names the wording; kept with what a visitor said to it.", "2026-11", most=50)
    privacy_url = web_address("The privacy policy; null: none is linked.", "https://acme.example/privacy", most=500)
    data_processing = fields.String(
        validate=validate.OneOf(["ask", "notice", "off"]),
        metadata=doc("`ask`: a box to tick, `notice`: a sentence, `off`: nothing.", "ask"),
    )
    marketing = fields.String(
        validate=validate.OneOf(["ask", "off"]), metadata=doc("`ask`: a box to tick, `off`: nothing.", "off")
    )


class WidgetFieldsRequest(StrictSchema):
    """What the form asks for beside name and e-mail."""

    phone = fields.String(
        validate=validate.OneOf(["off", "optional", "required"]), metadata=doc("The phone number.", "optional")
    )


class WidgetContactRequest(StrictSchema):
    """Where a person is reached, offered when the documents have no answer."""

    email = Email(
        allow_none=True,
        validate=validate.Length(max=254),
        metadata={**doc("E-mail address; null: none.", "hello@acme.example"), "format": "email"},
    )
    phone = Phone(
        allow_none=True, validate=validate.Length(max=40), metadata=doc("Phone number; null: none.", "+34911234567")
    )
    url = web_address("A contact page; null: none.", "https://acme.example/contact", most=500)


class _DomainField(fields.String):
    """A domain that may show the widget."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return str(Domain.parse(super()._deserialize(value, attr, data, **kwargs)))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class WidgetConfigRequest(StrictSchema):
    """How the widget looks and what it says. It replaces what was there."""

    primary_color = fields.String(
        validate=validate.Regexp(r"^#[0-9a-fA-F]{6}\Z", error="Not a colour. Write it as in #0f766e."),
        metadata=doc("The bubble's and the buttons'.", DEFAULT_COLOR),
    )
    color_scheme = fields.String(
        validate=validate.OneOf(["auto", "light", "dark"]), metadata=doc("`auto` follows the visitor's system.", "auto")
    )
    position = fields.String(
        validate=validate.OneOf(["right", "left"]), metadata=doc("The corner at the bottom.", "right")
    )
    default_language = LanguageTag("Whose texts stand in where a language has none of its own.")
    texts = fields.Dict(
        keys=LanguageTag("A BCP 47 language tag."),
        values=fields.Nested(WidgetTextsRequest),
        validate=validate.Length(max=_MOST_LANGUAGES),
        metadata=doc("Texts by language, as BCP 47 tags.", {"en": {"title": "Acme Bikes"}}),
    )
    consent = fields.Nested(
        WidgetConsentRequest, metadata=doc("What visitors are asked.", {"version": "2026-11", "marketing": "off"})
    )
    fields_ = fields.Nested(
        WidgetFieldsRequest,
        data_key="fields",
        attribute="fields",
        metadata=doc("What the form asks for.", {"phone": "off"}),
    )
    allowed_domains = fields.List(
        _DomainField(metadata=doc("`acme.example`, `*.acme.example` or `localhost:3000`.", "acme.example")),
        validate=validate.Length(max=MOST_DOMAINS),
        metadata=doc(f"Sites that may show it, {MOST_DOMAINS} at most; none: any site may.", ["acme.example"]),
    )
    contact = fields.Nested(
        WidgetContactRequest, metadata=doc("Where a person is reached.", {"email": "hello@acme.example"})
    )
    teaser_delay_seconds = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 3600),
        metadata=doc("When the teaser comes, in seconds; null: never.", 8),
    )

    @ma.validates_schema
    def _is_small(self, config: dict[str, Any], **_: Any) -> None:
        if len(orjson.dumps(config)) > _MOST_BYTES:
            raise ma.ValidationError(f"May have {_MOST_BYTES} bytes at most, as JSON.")


def widget_config_field(description: str) -> fields.Nested:
    """A widget's config in a body."""
    return fields.Nested(WidgetConfigRequest, metadata=doc(description, dict(EXAMPLE)))
