"""GET /v1/address-seed, with the real data. The only file that seeds: the others make do with Testland."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.models.city import City
from app.models.country import Country
from app.models.place_seed import PlaceSeed
from app.models.state import State
from app.services import places
from app.services.places import Seeded
from tests.cast import Cast
from tests.rows import count

# Seeding reads and writes 150,000 rows: every test here takes a second or more, or waits for one that does.
pytestmark = pytest.mark.slow

PATH = "/v1/address-seed"


@pytest.fixture(scope="module")
def seeded(app: Flask, _owner: Any) -> Iterator[list[Seeded]]:
    """What two processes came to that seeded an empty database at the same moment."""

    def seed(_: int) -> Seeded:
        with app.app_context():
            return places.seed()

    with ThreadPoolExecutor(2) as pool:
        yield list(pool.map(seed, range(2)))
    with _owner.begin() as owner:
        owner.execute(text("TRUNCATE addresses, countries, states, cities, place_seeds RESTART IDENTITY CASCADE"))


def _find(client: FlaskClient, path: str, search: str) -> dict[str, Any]:
    first: dict[str, Any] = client.get(path, query_string={"search": search}).json["items"][0]
    return first


def test_adds_the_places_of_the_world_once(seeded: list[Seeded]) -> None:
    added, waited = sorted(seeded, key=lambda each: each.added.countries, reverse=True)
    assert added.added == added.total == waited.total
    assert waited.added.countries == waited.added.states == waited.added.cities == 0
    assert added.total.countries == 249
    assert added.total.states > 5_000
    assert added.total.cities > 148_000


def test_reads_the_data_without_importing_its_packages(seeded: list[Seeded]) -> None:
    assert not {"pycountry", "countrystatecity_countries"} & sys.modules.keys()


@pytest.mark.parametrize(
    ("state", "name", "city"),
    [
        ("ES-M", "Madrid", "Madrid"),
        ("US-CA", "California", "Los Angeles"),
        ("GB-CON", "Cornwall", "Falmouth"),  # filed as _CON, for the sake of Windows
        ("MZ-MPM", "Maputo (City)", "Maputo"),  # the province has the same name
    ],
)
def test_knows_real_places(client: FlaskClient, seeded: list[Seeded], state: str, name: str, city: str) -> None:
    country = _find(client, "/v1/country", state[:2])
    found = _find(client, f"/v1/state/country/{country['id']}", state)
    assert (found["iso_code"], found["name"]) == (state, name)
    assert city in {each["name"] for each in client.get(f"/v1/state/{found['id']}").json["cities"]}


def test_knows_states_that_the_standard_lacks(client: FlaskClient, seeded: list[Seeded]) -> None:
    hong_kong = _find(client, "/v1/country", "HK")
    central = _find(client, f"/v1/state/country/{hong_kong['id']}", "central")
    assert (central["name"], central["iso_code"]) == ("Central and Western", None)


def test_says_that_there_is_nothing_to_do_and_quickly(
    client: FlaskClient, seeded: list[Seeded], database: Session
) -> None:
    # The marker went with the rows of the test before: once more all the way, and nothing is added.
    again = client.get(PATH)
    assert again.status_code == 200
    assert again.json["added"] == {"countries": 0, "states": 0, "cities": 0}
    assert again.json["total"]["cities"] == seeded[0].total.cities
    assert count(database, PlaceSeed) == 1
    started = time.perf_counter()
    assert client.get(PATH).json == again.json
    assert time.perf_counter() - started < 1


def test_brings_back_what_has_gone_and_keeps_what_was_changed(
    client: FlaskClient, cast: Cast, seeded: list[Seeded], database: Session
) -> None:
    client.get(PATH)
    andorra = database.scalars(select(Country).where(Country.iso_code == "AD")).one()
    renamed = client.patch(f"/v1/country/{andorra.id}", json={"name": "Renamed"}, headers=cast.root.headers)
    assert renamed.status_code == 200
    database.execute(delete(State).where(State.country_id == andorra.id))
    database.commit()
    again = client.get(PATH).json
    assert (again["added"]["countries"], again["added"]["states"]) == (0, 7)
    assert again["total"]["countries"] == 249
    assert client.get(f"/v1/country/{andorra.id}").json["name"] == "Renamed"


def test_leaves_no_city_twice(seeded: list[Seeded], database: Session) -> None:
    twice = select(City.state_id).group_by(City.state_id, func.lower(City.name)).having(func.count() > 1)
    assert database.execute(twice).first() is None


def test_is_limited_like_signing_in(
    client: FlaskClient, seeded: list[Seeded], with_settings: Callable[..., None]
) -> None:
    with_settings(rate_limit_authentication=1)
    answers = [client.get(PATH) for _ in range(3)]  # three, since the minute may end between two of them
    assert 429 in {answer.status_code for answer in answers}
    assert answers[0].headers["X-RateLimit-Limit"] == "1"
