"""When an agent's people are there: hours by weekday in a time zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

# In the order of `datetime.weekday()`.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def are_open(hours: Mapping[str, Any], at: datetime) -> bool:
    """Whether a moment lies in the hours: `{"timezone": "Europe/Madrid", "days": {"mon": [["09:00", "18:00"]]}}`.

    Without any days it always does; a day that isn't named is closed. Ends are exclusive, and 24:00 is one.
    """
    if not hours.get("days"):
        return True
    there = at.astimezone(ZoneInfo(hours["timezone"]))
    clock = there.strftime("%H:%M")
    return any(start <= clock < end for start, end in hours["days"].get(DAYS[there.weekday()], ()))
