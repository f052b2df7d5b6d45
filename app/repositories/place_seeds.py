"""Reference data of places: what of it is there, and adding all that isn't in few statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from operator import sub
from typing import Any, Self

from sqlalchemy import ARRAY, Row, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.core.transaction import session
from app.models.base import Base
from app.models.city import City
from app.models.country import Country
from app.models.place_seed import PlaceSeed
from app.models.state import State


@dataclass(frozen=True)
class PlaceCounts:
    """How many places there are."""

    countries: int = 0
    states: int = 0
    cities: int = 0

    def reaches(self, other: Self) -> bool:
        """Whether there is nothing less than in `other`."""
        return all(more >= 0 for more in astuple(self.minus(other)))

    def minus(self, other: Self) -> "PlaceCounts":
        """How many more there are than in `other`."""
        return PlaceCounts(*map(sub, astuple(self), astuple(other)))


@dataclass(frozen=True)
class PlaceIds:
    """Ids of places by ISO code and, for those that were added without one, by parent and name."""

    by_code: Mapping[str, int]
    by_name: Mapping[tuple[int | None, str], int]

    @classmethod
    def of(cls, rows: Iterable[Row[int, str | None, int | None, str]]) -> Self:
        """From rows of id, code, parent and name."""
        all_rows = list(rows)
        return cls(
            by_code={code: place_id for place_id, code, _, _ in all_rows if code},
            by_name={(parent_id, name.lower()): place_id for place_id, _, parent_id, name in all_rows},
        )

    def find(self, code: str | None, parent_id: int | None, name: str) -> int | None:
        """The id of a place."""
        return self.by_code.get(code or "") or self.by_name.get((parent_id, name.lower()))


def count_places() -> PlaceCounts:
    """How many places there are now."""
    counts = (select(func.count()).select_from(kind).scalar_subquery() for kind in (Country, State, City))
    return PlaceCounts(*session().execute(select(*counts)).one())


def find_counts(version: str) -> PlaceCounts | None:
    """How many places there were after that version of the data was seeded; None when it never was."""
    seed = session().get(PlaceSeed, version)
    return None if seed is None else PlaceCounts(seed.countries, seed.states, seed.cities)


def note(version: str, counts: PlaceCounts) -> None:
    """Remembers that a version of the data was seeded."""
    statement = insert(PlaceSeed).values(version=version, **asdict(counts))
    session().execute(statement.on_conflict_do_update(index_elements=["version"], set_=asdict(counts)))


def add_countries(countries: Sequence[tuple[str, str]]) -> None:
    """Adds those countries, of name and ISO code, that aren't there."""
    _add(Country, ("name", "iso_code"), countries)


def add_states(states: Sequence[tuple[int, str, str | None]]) -> None:
    """Adds those states, of country, name and ISO code, that aren't there."""
    _add(State, ("country_id", "name", "iso_code"), states)


def add_cities(cities: Sequence[tuple[int, str]]) -> None:
    """Adds those cities, of state and name, that aren't there."""
    _add(City, ("state_id", "name"), cities)


def find_country_ids() -> PlaceIds:
    """The ids of all countries."""
    return PlaceIds.of(session().execute(select(Country.id, Country.iso_code, literal(None), Country.name)))


def find_state_ids() -> PlaceIds:
    """The ids of all states."""
    return PlaceIds.of(session().execute(select(State.id, State.iso_code, State.country_id, State.name)))


def _add(kind: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    # One array a column: thousands of rows in one short statement. COPY could not pass over what is there, and
    # doesn't work on the web process's green connections.
    types = kind.__table__.c
    arrays = [
        literal(list(values), ARRAY(types[name].type))
        for name, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    incoming = select(func.unnest(*arrays).table_valued(*columns).render_derived())
    statement = insert(kind).from_select(list(columns), incoming, include_defaults=False)
    session().execute(statement.on_conflict_do_nothing())
