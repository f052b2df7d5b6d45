"""Fields that several routes share."""

import re
from collections.abc import Callable
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import marshmallow as ma
import orjson
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import fields, validate

from app.core import zones
from app.http.schemas import doc

EXAMPLE_ID = "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"
EXAMPLE_TIME = "2026-11-21T09:30:00Z"
_LONGEST_ADDRESS = 2000
_LARGEST_NUMBER = 999_999_999_999_999  # every language's JSON reads it exactly
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Email(fields.String):
    """An e-mail address, with its domain in lower case. Syntax only: whether it exists shows when mail is sent."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return validate_email(text, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError as error:
            raise ma.ValidationError(f"Not a valid e-mail address: {error}") from None


class Phone(fields.String):
    """A phone number with its country code; kept in E.164."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ma.ValidationError("Not a phone number. Write it with its country code, as in +34 911 234 567.")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Url(fields.URL):
    """A URL. What Python can't take apart is refused at once: rules that look into it would fail, and calls, too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            _ = urlsplit(text).port  # it is only looked at when it is asked for
        except ValueError:
            raise self.make_error("invalid", input=value) from None
        return text


class LanguageTag(fields.String):
    """A language tag (BCP 47), in the letters that it is usually written in: two ways to write one would be two
    languages."""

    def __init__(self, description: str, **extra: Any) -> None:
        super().__init__(metadata=doc(description, "pt-BR"), **extra)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        tag = super()._deserialize(value, attr, data, **kwargs)
        if len(tag) > 35 or not _TAG.fullmatch(tag):
            raise ma.ValidationError("Not a BCP 47 language tag, as in pt-BR.")
        first, *others = tag.lower().split("-")
        # https://www.rfc-editor.org/rfc/rfc5646#section-2.1.1
        return "-".join([first, *({2: part.upper(), 4: part.title()}.get(len(part), part) for part in others)])


class PageAddress(fields.String):
    """The address of a page as a browser tells it, without its query and fragment, which may hold what is nobody's
    business. What is no page of the web (a file, a sandbox) is none."""

    def __init__(self, description: str, **extra: Any) -> None:
        super().__init__(metadata=doc(description, "https://acme.example/bikes"), **extra)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > _LONGEST_ADDRESS:
            raise ma.ValidationError(f"Longer than {_LONGEST_ADDRESS} characters.")
        try:
            parts = urlsplit(text)
            host = parts.hostname
        except ValueError:
            return None
        if parts.scheme not in {"http", "https"} or not host or not text.isprintable():
            return None
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def email(description: str, example: str = "alice@acme.example", **extra: Any) -> Email:
    """An e-mail field."""
    return Email(
        validate=ma.validate.Length(max=254), metadata={**doc(description, example), "format": "email"}, **extra
    )


def phone(description: str, **extra: Any) -> Phone:
    """A phone number field."""
    return Phone(validate=ma.validate.Length(max=40), metadata=doc(description, "+34911234567"), **extra)


def identifier(description: str, **extra: Any) -> fields.UUID:
    """An id of ours."""
    return fields.UUID(metadata=doc(description, EXAMPLE_ID), **extra)


def known_zone(name: str) -> None:
    """Validates the name of a time zone."""
    if name not in zones.names():
        raise ma.ValidationError("Not an IANA time zone. Write it as in Europe/Madrid.")


def moment(description: str, **extra: Any) -> fields.DateTime:
    """A moment, ISO 8601 in UTC."""
    return UtcDateTime(metadata=doc(description, EXAMPLE_TIME), **extra)


class UtcDateTime(fields.DateTime):
    """ISO 8601 in UTC, with Z."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Instant(fields.AwareDateTime):
    """A moment that a caller names, with any offset; without one it is UTC."""

    def __init__(self, description: str, **extra: Any) -> None:
        super().__init__(default_timezone=UTC, metadata=doc(description, EXAMPLE_TIME), **extra)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        named = super()._deserialize(value, attr, data, **kwargs)
        try:
            return named.astimezone(UTC)  # Postgres takes no offset beyond 16 hours, Python and ISO 8601 do
        except OverflowError:
            raise ma.ValidationError("Not a moment between the years 1 and 9999.") from None


def web_address(description: str, example: str, *, most: int) -> Url:
    """An http or https URL of `most` characters; null: none."""
    return Url(
        schemes={"http", "https"},
        require_tld=False,
        allow_none=True,
        validate=validate.Length(max=most),
        metadata=doc(description, example),
    )


def small_json(most: int) -> Callable[[Any], None]:
    """A rule for a value of any shape that is kept: JSON of `most` bytes, with numbers that every program reads."""

    def check(value: Any) -> None:
        _storable(value)
        if len(orjson.dumps(value)) > most:
            raise ma.ValidationError(f"May have {most} bytes at most, as JSON.")

    return check


def _storable(value: Any) -> None:
    """Raises for what would come back from Postgres as something that JSON can't say: jsonb makes 1e308 an integer of
    309 digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) > _LARGEST_NUMBER:
        raise ma.ValidationError(f"Numbers may have 15 digits at most: {value} is too large.")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _storable(inner)
