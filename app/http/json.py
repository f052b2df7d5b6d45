"""JSON by orjson: several times faster than the standard library on lists, and it refuses NaN and lone surrogates."""

import json
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
from flask.json.provider import JSONProvider

from app.errors import BadRequest

# Keys may be numbers: marshmallow names the items of a list by their index.
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
# Reading, orjson takes 1024 levels; writing, 254: what came in could not go out again.
_MOST_LEVELS = 64


class OrjsonProvider(JSONProvider):
    """Flask's `jsonify` and `request.json` through orjson."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """JSON text, UTF-8."""
        return dumps(obj)

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """The value; raises `BadRequest`."""
        return loads(s)


def dumps(value: Any) -> str:
    """JSON text; UUIDs and datetimes as RFC 3339 with Z."""
    try:
        return orjson.dumps(value, option=_OPTIONS).decode()
    except TypeError:
        # Integers beyond 64 bits, which jsonb can hold: a stored row must always be readable.
        return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def loads(text: str | bytes) -> Any:
    """The value of a JSON text; raises `BadRequest` for anything else, and for what can't be stored: NUL in a text, or
    values inside of values without end."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error}.") from None
    brackets = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if sum(map(text.count, brackets)) > _MOST_LEVELS and _is_deep(value):  # type: ignore[arg-type]
        raise BadRequest(f"The body has more than {_MOST_LEVELS} levels of lists and objects.")
    marker = b"\\u0000" if isinstance(text, bytes) else "\\u0000"
    if marker in text and _has_nul(value):  # type: ignore[operator]
        raise BadRequest("Text may not contain the character U+0000.")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MOST_LEVELS):
        groups = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))]
        level = list(chain.from_iterable(groups))
        if not level:
            return False
    return True


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
