"""The places of the world, read from data sets that come as wheels.

- Countries (ISO 3166-1) and their subdivisions (ISO 3166-2): `pycountry`, a copy of Debian's iso-codes, LGPL-2.1.
- Cities: `countrystatecity-countries`, an export of the Countries States Cities Database, Open Database License 1.0
  (https://opendatacommons.org/licenses/odbl/1-0/). Whoever shows it to the public must name the source, and must
  offer a database that was adapted from it under the same license.

The files are read as they lie there: importing the packages would bring pydantic along, and ten times the memory,
for what is a few loops. Nothing here touches a database, so that it can run on any thread.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import orjson

_ISO, _CITIES = "pycountry", "countrystatecity-countries"
_ISO_FOLDER, _CITIES_FOLDER = "pycountry/databases", "countrystatecity_countries/data/by-country"


@dataclass(frozen=True, slots=True)
class WorldCountry:
    """A country of ISO 3166-1, by the name it commonly goes by."""

    iso_code: str
    name: str


@dataclass(frozen=True, slots=True)
class WorldState:
    """A subdivision of a country. `iso_code` (ISO 3166-2) is None for one that only the cities' data set has."""

    country_code: str
    name: str
    iso_code: str | None = None
    cities_file: Path | None = None


def version() -> str:
    """Which data this is; changes when one of the wheels does."""
    return " ".join(f"{name}-{distribution(name).version}" for name in (_ISO, _CITIES))


def read_countries() -> list[WorldCountry]:
    """Every country and territory of ISO 3166-1."""
    rows = _read_iso("3166-1")
    return [WorldCountry(row["alpha_2"], row.get("common_name") or row["name"]) for row in rows]


def read_states() -> list[WorldState]:
    """Every subdivision of ISO 3166-2, and those that only the cities' data set knows.

    Some of these are younger than the copy of the standard (Norway's counties of 2024), and some territories have no
    others at all (Hong Kong, Puerto Rico): without them nobody could give an address there.
    """
    standard = {state.iso_code: state for state in _iso_states()}
    covered = {state.country_code for state in standard.values()}
    others: list[WorldState] = []
    for listed in _listed_states():
        known = standard.get(listed.iso_code)
        if known:
            standard[known.iso_code] = replace(known, cities_file=listed.cities_file)
        elif listed.cities_file or listed.country_code not in covered:
            others.append(replace(listed, iso_code=None))
    return [*standard.values(), *others]


def read_cities(states: Sequence[WorldState]) -> list[tuple[WorldState, list[str]]]:
    """The names of the cities of each of the given subdivisions, as far as it has any."""
    return [(state, [row["name"] for row in _read(state.cities_file)]) for state in states if state.cities_file]


def _iso_states() -> list[WorldState]:
    """The subdivisions of ISO 3166-2. Namesakes of one country carry their type, as in Maputo (City)."""
    rows = _read_iso("3166-2")
    namesakes = Counter((row["code"][:2], row["name"].lower()) for row in rows)
    states = []
    for row in rows:
        country_code, name = row["code"][:2], row["name"]
        if namesakes[country_code, name.lower()] > 1:
            name = f"{name} ({row['type']})"
        states.append(WorldState(country_code, name, row["code"]))
    return states


def _listed_states() -> list[WorldState]:
    """The subdivisions of the cities' data set, with the codes of ISO 3166-2 that it gives them."""
    root = _folder(_CITIES, _CITIES_FOLDER)
    return [
        WorldState(code, row["name"], row["iso3166_2"], _cities_file(root / code / "states", row["state_code"]))
        for code in (country.iso_code for country in read_countries())
        if (root / code).exists()
        for row in _read(root / code / "states.json")
    ]


def _cities_file(states: Path, code: str) -> Path | None:
    # The data set puts a _ before names that Windows reserves, as in GB/states/_CON.
    files = (states / folder / "cities.json" for folder in (code, f"_{code}"))
    return next((file for file in files if file.exists()), None)


def _read_iso(part: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _read(_folder(_ISO, _ISO_FOLDER) / f"iso{part}.json")[part]
    return rows


def _folder(wheel: str, inside: str) -> Path:
    return Path(str(distribution(wheel).locate_file(inside)))


def _read(file: Path) -> Any:
    return orjson.loads(file.read_bytes())
