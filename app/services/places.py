"""Countries, states and cities, which all companies share. What admins add and change: `place_changes`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.core.offload import offload
from app.core.paging import Page, PageRequest
from app.core.transaction import transaction
from app.errors import NotFound
from app.integrations import world
from app.integrations.world import WorldCountry, WorldState
from app.models.city import City
from app.models.country import Country
from app.models.state import State
from app.repositories import place_seeds, places
from app.repositories.place_seeds import PlaceCounts
from app.repositories.places import Place


@dataclass(frozen=True)
class Seeded:
    """How many places there are, and how many of them were added just now."""

    total: PlaceCounts
    added: PlaceCounts


def seed() -> Seeded:
    """Adds those places of the world that aren't there; what is there stays as it is.

    Works once for each version of the data, and again when rows have gone since. Otherwise it only counts.
    """
    with transaction():
        version = world.version()
        if not _is_seeded(version):
            places.lock()
            # Another process may have done it while we waited.
            if not _is_seeded(version):
                return _seed(version)
        return Seeded(place_seeds.count_places(), PlaceCounts())


def find_countries(wanted: PageRequest, search: str) -> Page[Country]:
    """A page of all countries, by name."""
    return places.find_page(Country, wanted, parent_id=None, search=search)


def find_states(country_id: int, wanted: PageRequest, search: str) -> Page[State]:
    """A page of a country's states, by name."""
    get(Country, country_id)
    return places.find_page(State, wanted, parent_id=country_id, search=search)


def find_cities(state_id: int, wanted: PageRequest, search: str) -> Page[City]:
    """A page of a state's cities, by name."""
    get(State, state_id)
    return places.find_page(City, wanted, parent_id=state_id, search=search)


def get(kind: type[Place], place_id: int) -> Place:
    """A country, state or city; raises `NotFound`."""
    place = places.get(kind, place_id)
    if place is None:
        raise NotFound
    return place


def get_country_with_states(country_id: int) -> tuple[Country, Sequence[State]]:
    """A country and all its states."""
    return get(Country, country_id), places.find_all(State, parent_id=country_id)


def get_state_with_cities(state_id: int) -> tuple[State, Sequence[City]]:
    """A state and all its cities."""
    return get(State, state_id), places.find_all(City, parent_id=state_id)


def get_city_with_parents(city_id: int) -> City:
    """A city, with its state and country."""
    city = places.get_city_with_parents(city_id)
    if city is None:
        raise NotFound
    return city


def _is_seeded(version: str) -> bool:
    seeded = place_seeds.find_counts(version)
    return seeded is not None and place_seeds.count_places().reaches(seeded)


def _seed(version: str) -> Seeded:
    before = place_seeds.count_places()
    country_ids = _seed_countries(offload(world.read_countries))
    states = sorted(offload(world.read_states), key=_country_code)
    state_ids = _seed_states(states, country_ids)
    # A country at a time, so that no more than its cities are in memory.
    for _, group in groupby(states, key=_country_code):
        cities = offload(world.read_cities, [state for state in group if state in state_ids])
        place_seeds.add_cities([(state_ids[state], name) for state, names in cities for name in names])
    after = place_seeds.count_places()
    place_seeds.note(version, after)
    return Seeded(after, after.minus(before))


def _seed_countries(countries: Sequence[WorldCountry]) -> dict[str, int]:
    """Returns the countries' ids by ISO code."""
    place_seeds.add_countries([(country.name, country.iso_code) for country in countries])
    ids = place_seeds.find_country_ids()
    found = ((country.iso_code, ids.find(country.iso_code, None, country.name)) for country in countries)
    return {code: country_id for code, country_id in found if country_id}


def _seed_states(states: Sequence[WorldState], country_ids: Mapping[str, int]) -> dict[WorldState, int]:
    """Returns the states' ids."""
    inside = [(state, country_ids[state.country_code]) for state in states if state.country_code in country_ids]
    place_seeds.add_states([(country_id, state.name, state.iso_code) for state, country_id in inside])
    ids = place_seeds.find_state_ids()
    found = ((state, ids.find(state.iso_code, country_id, state.name)) for state, country_id in inside)
    return {state: state_id for state, state_id in found if state_id}


def _country_code(state: WorldState) -> str:
    return state.country_code
