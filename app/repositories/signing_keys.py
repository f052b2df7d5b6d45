"""Signing keys. They are the platform's: no company."""

from datetime import datetime

from sqlalchemy import select, text, update

from app.core.transaction import session
from app.models.signing_key import SigningKey


def find_all() -> list[SigningKey]:
    """Every key that may still verify, the signing one first."""
    order = (SigningKey.retired_at.is_not(None), SigningKey.created_at.desc(), SigningKey.id.desc())
    return list(session().scalars(select(SigningKey).order_by(*order)))


def add(key: SigningKey) -> None:
    """Stores a new key."""
    session().add(key)
    session().flush()


def lock() -> None:
    """Lets only one process at a time make the first key; released at the end of the transaction."""
    session().execute(text("SELECT pg_advisory_xact_lock(hashtext('frontdesk signing keys'))"))


def retire_all(at: datetime) -> None:
    """From now on none of the present keys signs."""
    session().execute(update(SigningKey).where(SigningKey.retired_at.is_(None)).values(retired_at=at))


def delete_retired_before(moment: datetime) -> int:
    """Forgets keys whose tokens have all expired. Returns how many."""
    old = session().scalars(select(SigningKey).where(SigningKey.retired_at < moment)).all()
    for key in old:
        session().delete(key)
    return len(old)
