"""What the tests of companies share."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.models.address import Address
from app.models.city import City
from app.models.country import Country
from app.models.lead import Lead
from app.models.state import State

_PLACE = 2_000_000_000  # far from the ids of reference data


@pytest.fixture
def address_of(database: Session) -> Iterator[Callable[[UUID], UUID]]:
    """Gives a company an address: `address_of(cast.acme)`."""
    country = Country(id=_PLACE, name="Atlantis")
    state = State(id=_PLACE, country=country, name="Deep Blue")
    city = City(id=_PLACE, state=state, name="Poseidonis")
    database.add_all([country, state, city])
    database.commit()

    def add(company_id: UUID) -> UUID:
        place = {"city_id": _PLACE, "state_id": _PLACE, "country_id": _PLACE}
        address = Address(company_id=company_id, street_address="1 Reef Road", **place)
        database.add(address)
        database.commit()
        return address.id

    yield add
    database.rollback()
    database.query(Address).delete()
    for row in (city, state, country):  # the tests' cleaning up leaves places alone
        database.delete(row)
    database.commit()


@pytest.fixture
def add_lead(database: Session) -> Callable[..., UUID]:
    """Adds a lead of a company: `add_lead(cast.acme, days_ago=3, status="converted", source="widget")`."""

    def add(company_id: UUID, *, days_ago: float = 0, **values: object) -> UUID:
        lead = Lead(company_id=company_id, first_name="Lea", last_name="Leader", email="lea@example.com", **values)
        lead.created_at = datetime.now(UTC) - timedelta(days=days_ago)
        database.add(lead)
        database.commit()
        return lead.id

    return add
