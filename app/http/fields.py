"""Fields that several routes share."""

from typing import Any

import marshmallow as ma
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import fields

from app.http.schemas import doc

EXAMPLE_ID = "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"
EXAMPLE_TIME = "2026-11-21T09:30:00Z"


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


def moment(description: str, **extra: Any) -> fields.DateTime:
    """A moment, ISO 8601 in UTC."""
    return UtcDateTime(metadata=doc(description, EXAMPLE_TIME), **extra)


class UtcDateTime(fields.DateTime):
    """ISO 8601 in UTC, with Z."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
