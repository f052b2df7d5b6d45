"""Time zones: those that Python and Postgres know as the same thing."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# The machine's own, and none at all: Postgres knows the first one nowhere.
_NOT_FOR_CALLERS = {"localtime", "Factory"}
# Postgres takes these names for abbreviations, which have no summer time. They are links to these zones.
_TAKEN = {"CET": "Europe/Brussels", "EET": "Europe/Athens", "MET": "Europe/Brussels", "WET": "Europe/Lisbon"}


@cache
def names() -> frozenset[str]:
    """The names that callers may give."""
    return frozenset(available_timezones() - _NOT_FOR_CALLERS)


def stored(name: str) -> ZoneInfo:
    """The zone that a row names; UTC for one that is not known any more."""
    return ZoneInfo(name if name in names() else "UTC")


def for_postgres(zone: ZoneInfo) -> str:
    """The name by which Postgres knows a zone."""
    return _TAKEN.get(zone.key, zone.key)
