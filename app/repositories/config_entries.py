"""Entries of the configuration."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text

from app.core.ids import PLATFORM
from app.core.transaction import session
from app.models.config_entry import ConfigEntry
from app.repositories.ownership import owned_by

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('frontdesk configuration'), hashtext(:company))")


def find_all(*, company_id: UUID | None) -> Sequence[ConfigEntry]:
    """Every entry of the company (of the platform for None), by key."""
    return (
        session().scalars(select(ConfigEntry).where(owned_by(ConfigEntry, company_id)).order_by(ConfigEntry.key)).all()
    )


def get(*, company_id: UUID | None, key: str) -> ConfigEntry | None:
    """The entry of this key."""
    return (
        session().scalars(select(ConfigEntry).where(owned_by(ConfigEntry, company_id), ConfigEntry.key == key)).first()
    )


def count(*, company_id: UUID | None) -> int:
    """How many entries there are."""
    return session().scalar(select(func.count()).select_from(ConfigEntry).where(owned_by(ConfigEntry, company_id))) or 0


def lock(*, company_id: UUID | None) -> None:
    """Makes others who change the company's configuration wait until the transaction ends."""
    session().execute(_LOCK, {"company": str(company_id or PLATFORM)})


def add(entry: ConfigEntry) -> None:
    """Stores a new entry."""
    session().add(entry)
    session().flush()


def remove(entry: ConfigEntry) -> None:
    """Deletes an entry."""
    session().delete(entry)
    session().flush()
