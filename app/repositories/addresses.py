"""Addresses of companies."""

from uuid import UUID

from sqlalchemy import select, update

from app.core.transaction import session
from app.models.address import Address


def add(address: Address) -> None:
    """Stores a new address."""
    session().add(address)
    session().flush()


def get(*, company_id: UUID, address_id: UUID) -> Address | None:
    """An address of the company."""
    statement = select(Address).where(Address.company_id == company_id, Address.id == address_id)
    return session().scalars(statement).first()


def find_all(*, company_id: UUID) -> list[Address]:
    """The company's addresses, the primary one first, then the newest."""
    statement = select(Address).where(Address.company_id == company_id)
    return list(session().scalars(statement.order_by(Address.is_primary.desc(), Address.created_at.desc())))


def clear_primary(*, company_id: UUID) -> None:
    """Leaves the company without a primary address, so that another can become it."""
    statement = update(Address).where(Address.company_id == company_id, Address.is_primary)
    session().execute(statement.values(is_primary=False))
