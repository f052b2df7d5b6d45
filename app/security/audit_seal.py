"""The seal on an audit entry: an HMAC-SHA256 over its content and the seal of the entry before it (RFC 2104).

The key is the chain's own and is encrypted at rest, so whoever can write to the database but doesn't have `SECRET_KEYS`
can't make a seal. What is sealed must read the same for good: entries of years ago are verified with it.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

# What the first entry of a chain follows.
NOTHING = bytes(32)
# Every column but the seals themselves. A column that comes later needs a second list, for entries that have it.
SEALED = (
    "id",
    "company_id",
    "position",
    "event_type",
    "entity_type",
    "entity_id",
    "actor_kind",
    "actor_id",
    "impersonator_id",
    "before",
    "after",
    "ip",
    "user_agent",
    "request_id",
    "risk_level",
    "created_at",
    "updated_at",
)
# Up to here a float that is whole and the integer that jsonb makes of it are the same number.
_EXACT = 10**22


def new_key() -> str:
    """256 random bits, in hexadecimal."""
    return secrets.token_hex(32)


def seal(key: str, previous: bytes, values: Mapping[Any, Any]) -> bytes:
    """The seal of an entry with these `values`, by the names of `SEALED`, that follows the one sealed `previous`."""
    text = json.dumps([_plain(values[name]) for name in SEALED], sort_keys=True, separators=(",", ":"))
    return hmac.digest(key.encode(), previous + text.encode(), "sha256")


def seal_head(key: str, *, position: int, head: bytes, base_position: int, base: bytes, broken: bool) -> bytes:
    """The seal of a chain's end and beginning: without it the last entries could be taken away unseen."""
    text = f"head {position} {head.hex()} {base_position} {base.hex()} {broken}"
    return hmac.digest(key.encode(), text.encode(), "sha256")


def _plain(value: Any) -> Any:
    """The value as it is also after it has been in Postgres, whose jsonb has one kind of number."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat(timespec="microseconds")
    elif isinstance(value, UUID):
        value = str(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        value = repr(float(value)) if abs(value) > _EXACT else int(value) if value == int(value) else value
    return value
