"""Periods and time zones in queries and bodies, and how answers tell them."""

from datetime import date, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import identifier, known_zone, moment
from app.http.schemas import ResponseSchema, doc
from app.services.periods import DEFAULT_DAYS, MOST_DAYS

_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class DayOrMoment(fields.String):
    """An ISO 8601 date, which means the whole day, or a moment."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            given = date.fromisoformat(text) if len(text) <= len("2026-11-21") else datetime.fromisoformat(text)
        except ValueError:
            raise ma.ValidationError("Not an ISO 8601 date or time, as in 2026-11-21T09:30:00Z.") from None
        if not _FIRST_YEAR <= given.year <= _LAST_YEAR:
            raise ma.ValidationError(f"Name a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
        return given


def time_zone() -> fields.String:
    """The zone whose days are meant."""
    return fields.String(
        validate=known_zone,
        metadata=doc("IANA time zone of dates and days; without it your profile's, for keys UTC.", "Asia/Kolkata"),
    )


def start_date() -> DayOrMoment:
    """Where a period begins."""
    return DayOrMoment(
        metadata=doc(
            f"First day, or a moment, of the period. Without it {DEFAULT_DAYS} days. A period has at most {MOST_DAYS}.",
            "2026-11-01",
        )
    )


def end_date() -> DayOrMoment:
    """Where a period ends."""
    return DayOrMoment(metadata=doc("Last day, which is part of the period, or the moment it ends.", "2026-11-30"))


class _Query(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    @ma.post_load
    def _without_company(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data.pop("company_id", None)  # which says for whom the whole call acts (app.http.requires)
        return data


class CompanyQuery(_Query):
    """Whose, for super admins."""

    company_id = identifier("The company, for super admins.")


class PeriodQuery(CompanyQuery):
    """The period that is asked for."""

    start_date = start_date()
    end_date = end_date()
    timezone = time_zone()


class DaysQuery(CompanyQuery):
    """How many days are asked for."""

    days = fields.Integer(
        load_default=DEFAULT_DAYS,
        validate=validate.Range(1, MOST_DAYS),
        metadata=doc("How many days back, with today.", DEFAULT_DAYS),
    )
    timezone = time_zone()


class PeriodResponse(ResponseSchema):
    """The time that figures are about."""

    start = moment("Where it begins.")
    end = moment("Where it ends.")
    timezone = fields.String(metadata=doc("The zone whose days are meant.", "Asia/Kolkata"))
    current = fields.Boolean(
        metadata=doc("Whether all that had happened is counted; if not, figures are some seconds old.", True)
    )
