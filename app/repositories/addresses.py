"""Addresses of companies."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.core.transaction import session
from app.models.address import Address
from app.models.company import Company


def add(address: Address) -> None:
    """Stores a new address."""
    session().add(address)
    session().flush()


def get(*, company_id: UUID, address_id: UUID) -> Address | None:
    """An address of the company."""
    statement = select(Address).where(Address.company_id == company_id, Address.id == address_id)
    return session().scalars(statement).first()


def find_primary(*, company_id: UUID) -> Address | None:
    """The company's primary address, with its city, state and country loaded."""
    statement = select(Address).where(Address.company_id == company_id, Address.is_primary)
    located = (joinedload(Address.city), joinedload(Address.state), joinedload(Address.country))
    return session().scalars(statement.options(*located)).first()


def lock(*, company_id: UUID) -> None:
    """Makes others who lock the company's addresses wait until the transaction ends."""
    # The weaker of the two row locks: rows that refer to the company are still added meanwhile.
    session().execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))


def clear_primary(*, company_id: UUID) -> None:
    """Leaves the company without a primary address, so that another can become it."""
    statement = update(Address).where(Address.company_id == company_id, Address.is_primary)
    session().execute(statement.values(is_primary=False))
