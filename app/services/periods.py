"""The stretch of time that a caller asks figures for, in the caller's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.core import zones
from app.core.clock import now
from app.core.window import DAY, QUARTER, Window
from app.errors import Invalid
from app.repositories import users
from app.security.principal import Principal, PrincipalKind

DEFAULT_DAYS = 30
MOST_DAYS = 400


def between(
    principal: Principal,
    *,
    start_date: date | datetime | None = None,
    end_date: date | datetime | None = None,
    timezone: str | None = None,
) -> Window:
    """The asked window; by default the last 30 days with today. A date means the whole day, an end date with it; a
    moment is taken to the quarter of an hour, outwards. What has no offset is in `timezone`, by default the user's own.

    Raises `Invalid` for a window that ends before it begins or is longer than 400 days.
    """
    zone, moment = _zone(principal, timezone), now()
    tomorrow = _midnight(moment.astimezone(zone).date() + DAY, zone)
    end = tomorrow if end_date is None else min(_end(end_date, zone), tomorrow)
    if start_date is None:
        start = _midnight((end - QUARTER).astimezone(zone).date() - timedelta(days=DEFAULT_DAYS - 1), zone)
    else:
        start = _start(start_date, zone)
    if start >= end:
        raise Invalid(errors={"end_date": ["The period ends before it begins, or has not begun yet."]})
    if end - start > timedelta(days=MOST_DAYS + 1):
        raise Invalid(errors={"start_date": [f"The period is longer than {MOST_DAYS} days."]})
    return Window(start, end, zone, moment)


def last_days(principal: Principal, *, days: int, timezone: str | None = None) -> Window:
    """The last so many days of the caller's zone, today as the last of them."""
    zone, moment = _zone(principal, timezone), now()
    today = moment.astimezone(zone).date()
    return Window(_midnight(today - timedelta(days=days - 1), zone), _midnight(today + DAY, zone), zone, moment)


def _zone(principal: Principal, named: str | None) -> ZoneInfo:
    if named is not None:
        return ZoneInfo(named)
    if principal.kind is PrincipalKind.USER and principal.user_id and not principal.is_super_admin:
        user = users.get(company_id=principal.company_id, user_id=principal.user_id)
        return zones.stored(user.timezone) if user else ZoneInfo("UTC")
    return ZoneInfo("UTC")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where clocks are set at midnight there may be none, or two; then the day begins with the first moment of its date.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _start(given: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(given, datetime):
        return _midnight(given, zone)
    at = _in_utc(given, zone)
    return at - (at - datetime.min.replace(tzinfo=UTC)) % QUARTER


def _end(given: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(given, datetime):
        return _midnight(given + DAY, zone)
    at = _in_utc(given, zone)
    return at + (datetime.min.replace(tzinfo=UTC) - at) % QUARTER


def _in_utc(given: datetime, zone: ZoneInfo) -> datetime:
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
