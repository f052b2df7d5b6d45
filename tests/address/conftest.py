"""Places of the tests: Testland with its only state and that one's only city, as if they came from reference data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.models.address import Address
from app.models.city import City
from app.models.country import Country
from app.models.state import State
from tests.cast import Person

_KINDS = (City, State, Country)


@dataclass(frozen=True)
class Land:
    """Ids of a country, its state and that one's city, and ways to add others."""

    database: Session
    country: int
    state: int
    city: int

    def add_country(self, name: str, *, by: Person | None = None, iso_code: str | None = None) -> int:
        """The id of another country."""
        return self._add(Country(name=name, iso_code=iso_code), by)

    def add_state(self, name: str, *, by: Person | None = None, country: int | None = None) -> int:
        """The id of another state, of Testland unless said otherwise."""
        return self._add(State(name=name, country_id=country or self.country), by)

    def add_city(self, name: str, *, by: Person | None = None, state: int | None = None) -> int:
        """The id of another city, of Testland's state unless said otherwise."""
        return self._add(City(name=name, state_id=state or self.state), by)

    def add_address(self, of: Person, **values: Any) -> Address:
        """An address of somebody's company, in Testland's city unless said otherwise."""
        places = {"city_id": self.city, "state_id": self.state, "country_id": self.country}
        address = Address(company_id=of.company_id, **{"street_address": "Somewhere 1", **places, **values})
        self.database.add(address)
        self.database.commit()
        return address

    def _add(self, place: Country | State | City, by: Person | None) -> int:
        place.added_by_company = by.company_id if by else None
        self.database.add(place)
        self.database.commit()
        return place.id


@pytest.fixture(autouse=True)
def _places_of_the_test(database: Session) -> Iterator[None]:
    """Places stay between tests (they are reference data); those that a test made go."""
    before = {kind: database.scalar(select(func.max(kind.id))) or 0 for kind in _KINDS}
    database.commit()
    yield
    database.rollback()
    database.execute(delete(Address))
    for kind, last in before.items():
        database.execute(delete(kind).where(kind.id > last))
    database.commit()


@pytest.fixture
def land(database: Session, _places_of_the_test: None) -> Land:
    """Testland."""
    country = Country(name="Testland", iso_code="QZ")
    database.add(country)
    database.flush()
    state = State(name="Teststate", country_id=country.id, iso_code="QZ-TS")
    database.add(state)
    database.flush()
    city = City(name="Testcity", state_id=state.id, postal_code_prefix="99")
    database.add(city)
    database.commit()
    return Land(database, country.id, state.id, city.id)
