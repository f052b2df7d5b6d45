"""Operating hours, as they come in a body."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import known_zone
from app.http.schemas import StrictSchema, doc

_MOST_SPANS = 10
_EXAMPLE = [["09:00", "18:00"]]


def _in_order(spans: list[list[str]]) -> None:
    for start, end in spans:
        if start >= end:
            raise ma.ValidationError(f"{start} to {end} ends before it begins; split what goes past midnight at 24:00.")
    for (_, end), (start, _) in zip(sorted(spans), sorted(spans)[1:], strict=False):
        if start < end:
            raise ma.ValidationError(f"Two spans overlap: one ends at {end}, the other begins at {start}.")


def _day(name: str) -> fields.List:
    clock = fields.String(
        validate=validate.Regexp(r"^(([01]\d|2[0-3]):[0-5]\d|24:00)\Z", error="Not a time. Write it as in 09:30."),
        metadata=doc("A time of the day.", "09:00"),
    )
    span = fields.List(clock, validate=validate.Length(equal=2), metadata=doc("From and to.", _EXAMPLE[0]))
    return fields.List(
        span, validate=[validate.Length(max=_MOST_SPANS), _in_order], metadata=doc(f"Spans of {name}.", _EXAMPLE)
    )


class OperatingDaysRequest(StrictSchema):
    """Spans by day; a day that is left out is closed."""

    mon = _day("Monday")
    tue = _day("Tuesday")
    wed = _day("Wednesday")
    thu = _day("Thursday")
    fri = _day("Friday")
    sat = _day("Saturday")
    sun = _day("Sunday")


class OperatingHoursRequest(StrictSchema):
    """When people are there: a time zone and days, or nothing at all for always."""

    timezone = fields.String(validate=known_zone, metadata=doc("IANA time zone.", "Europe/Madrid"))
    days = fields.Nested(OperatingDaysRequest, metadata=doc("Spans by day.", {"mon": _EXAMPLE}))

    @ma.validates_schema
    def _all_or_nothing(self, hours: dict[str, Any], **_: Any) -> None:
        if hours and not hours.get("timezone"):
            raise ma.ValidationError("Say in which time zone.", "timezone")
        if hours and not hours.get("days"):
            raise ma.ValidationError("Name at least one day, or send {} for always.", "days")
