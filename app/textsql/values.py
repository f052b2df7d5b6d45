"""Values of databases as JSON can say them, without losing anything that a reader would miss."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

# Longer texts are cut; a page that shows them would be of no use.
MOST_CHARACTERS = 20_000
_LARGEST_EXACT = 2**53


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers that a float can't hold become texts, bytes base64, moments ISO 8601."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")  # which other databases hold, and Postgres, where answers are kept, not
    if value is None or isinstance(value, bool):
        return value
    return next((say for kinds, say in _WAYS if isinstance(value, kinds)), str)(value)


def cut(value: Any, most: int = MOST_CHARACTERS) -> tuple[Any, bool]:
    """The value, and whether it had to be shortened."""
    if isinstance(value, str) and len(value) > most:
        return value[:most], True
    if isinstance(value, bytes) and len(value) > most:
        return value[:most], True
    return value, False


def size(value: Any) -> int:
    """About how many bytes it takes in an answer."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, list | dict):
        return len(json.dumps(value, default=str))
    return 8


def duration(value: timedelta) -> str:
    """`HH:MM:SS`, with more than 24 hours where there are more."""
    sign = "-" if value < timedelta() else ""
    whole = abs(value)
    hours, rest = divmod(int(whole.total_seconds()), 3600)
    fraction = f".{whole.microseconds:06d}".rstrip("0") if whole.microseconds else ""
    return f"{sign}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"


def _integer(value: int) -> int | str:
    return value if abs(value) <= _LARGEST_EXACT else str(value)


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else _unusual(value)


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(bytes(value)).decode()


def _decimal(value: Decimal) -> Any:
    if not value.is_finite():
        return _unusual(float(value))
    if value == value.to_integral_value() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    near = float(value)
    return near if math.isfinite(near) and Decimal(repr(near)) == value else str(value)


def _unusual(value: float) -> str:
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _list(value: Any) -> list[Any]:
    return [plain(each) for each in value]


def _object(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(each) for key, each in value.items()}


_WAYS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (int, _integer),
    (float, _float),
    (Decimal, _decimal),
    ((datetime, date, time), lambda value: value.isoformat()),
    (timedelta, duration),
    ((bytes, bytearray, memoryview), _bytes),
    ((list, tuple, set, frozenset), _list),
    (dict, _object),
)
