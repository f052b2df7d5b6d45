"""Ids of rows."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by time of creation, which keeps index pages warm."""
    return uuid7()


# Rows of the platform itself (super admins, their sessions and keys) have no company. This id stands for it where
# Postgres is told whose rows may be seen; no company can have it.
PLATFORM = UUID(int=0)
