"""Shapes of the address routes."""

import re
import unicodedata
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.http.fields import identifier, moment
from app.http.schemas import PageQuery, ResponseSchema, StrictSchema, doc, page_of, text
from app.models.shared_place import LARGEST_ID

_COUNTRY_CODE = re.compile(r"[A-Za-z]{2}")


class _Name(fields.String):
    """A name as it will be compared: without spaces around it or twice inside it, and in one Unicode form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        return unicodedata.normalize("NFC", " ".join(given.split()))


class _CountryCode(fields.String):
    """ISO 3166-1 alpha-2, in capitals whatever was sent."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        given: str = super()._deserialize(value, attr, data, **kwargs)
        # Before the capitals are made: the capital of ß is SS.
        if not _COUNTRY_CODE.fullmatch(given):
            raise ma.ValidationError("Two letters, as in ES (ISO 3166-1 alpha-2).")
        return given.upper()


def _name(description: str, example: str, *, required: bool = False) -> _Name:
    return _Name(required=required, validate=validate.Length(1, 200), metadata=doc(description, example))


def _country_code() -> _CountryCode:
    return _CountryCode(
        allow_none=True, metadata={**doc("ISO 3166-1 alpha-2; null: none.", "ES"), "pattern": "^[A-Za-z]{2}$"}
    )


def _place_id(description: str, example: int, *, required: bool = False) -> fields.Integer:
    within = validate.Range(1, LARGEST_ID)
    return fields.Integer(strict=True, required=required, validate=within, metadata=doc(description, example))


def _postal_code_prefix() -> fields.String:
    return text("How postal codes of the city begin; null: not known.", "280", max_length=20, allow_none=True)


class PlaceQuery(PageQuery):
    """Which page of places, and which of them."""

    search = text(
        "Part of a name, whatever its case and accents, or a whole ISO code.",
        "malaga",
        min_length=0,
        load_default="",
    )


class CreateCountryRequest(StrictSchema):
    """A new country."""

    name = _name("Its name.", "Spain", required=True)
    iso_code = _country_code()


class UpdateCountryRequest(StrictSchema):
    """Any subset of a country's fields."""

    name = _name("Its name.", "Spain")
    iso_code = _country_code()


class CreateStateRequest(StrictSchema):
    """A new state."""

    name = _name("Its name.", "Madrid", required=True)
    country_id = _place_id("The country it lies in.", 69, required=True)


class UpdateStateRequest(StrictSchema):
    """Any subset of a state's fields."""

    name = _name("Its name.", "Madrid")
    country_id = _place_id("The country it lies in.", 69)


class CreateCityRequest(StrictSchema):
    """A new city."""

    name = _name("Its name.", "Alcalá de Henares", required=True)
    state_id = _place_id("The state it lies in.", 1391, required=True)
    postal_code_prefix = _postal_code_prefix()


class UpdateCityRequest(StrictSchema):
    """Any subset of a city's fields."""

    name = _name("Its name.", "Alcalá de Henares")
    state_id = _place_id("The state it lies in.", 1391)
    postal_code_prefix = _postal_code_prefix()


class CountryResponse(ResponseSchema):
    """A country."""

    id = fields.Integer(metadata=doc("The id of the country.", 69))
    name = fields.String(metadata=doc("Its name.", "Spain"))
    iso_code = fields.String(
        allow_none=True, metadata=doc("ISO 3166-1 alpha-2; null for a country that was added without one.", "ES")
    )


class StateResponse(ResponseSchema):
    """A state, province or other subdivision of a country."""

    id = fields.Integer(metadata=doc("The id of the state.", 1391))
    name = fields.String(metadata=doc("Its name.", "Madrid"))
    iso_code = fields.String(
        allow_none=True, metadata=doc("ISO 3166-2; null for a state that the standard doesn't have.", "ES-M")
    )
    country_id = fields.Integer(metadata=doc("The country it lies in.", 69))


class CityResponse(ResponseSchema):
    """A city or town."""

    id = fields.Integer(metadata=doc("The id of the city.", 38230))
    name = fields.String(metadata=doc("Its name.", "Alcalá de Henares"))
    state_id = fields.Integer(metadata=doc("The state it lies in.", 1391))
    postal_code_prefix = fields.String(
        allow_none=True, metadata=doc("How its postal codes begin; null: not known.", "288")
    )


class CountryDetailsResponse(CountryResponse):
    """A country with its states."""

    states = fields.List(fields.Nested(StateResponse), metadata={"description": "All its states, by name."})


class StateDetailsResponse(StateResponse):
    """A state with its cities."""

    cities = fields.List(fields.Nested(CityResponse), metadata={"description": "All its cities, by name."})


class CityDetailsResponse(CityResponse):
    """A city with what it lies in."""

    state = fields.Nested(StateResponse, metadata={"description": "The state it lies in."})
    country = fields.Nested(
        CountryResponse, attribute="state.country", metadata={"description": "The country it lies in."}
    )


CountryPage = page_of(CountryResponse)
StatePage = page_of(StateResponse)
CityPage = page_of(CityResponse)


class PlaceCountsResponse(ResponseSchema):
    """Numbers of places."""

    countries = fields.Integer(metadata=doc("Countries.", 249))
    states = fields.Integer(metadata=doc("States.", 5335))
    cities = fields.Integer(metadata=doc("Cities.", 148920))


class SeededResponse(ResponseSchema):
    """What seeding came to."""

    total = fields.Nested(PlaceCountsResponse, metadata={"description": "How many places there are."})
    added = fields.Nested(PlaceCountsResponse, metadata={"description": "How many of them this call added."})


class CreateAddressRequest(StrictSchema):
    """A new address. City, state and country have to lie in one another."""

    street_address = text("Street and number.", "Calle de Alcalá 1", max_length=300, required=True)
    city_id = _place_id("The city.", 38230, required=True)
    state_id = _place_id("The state of the city.", 1391, required=True)
    country_id = _place_id("The country of the state.", 69, required=True)
    lat = fields.Float(
        allow_none=True, validate=validate.Range(-90, 90), metadata=doc("Latitude, in degrees.", 40.4189)
    )
    lan = fields.Float(
        allow_none=True, validate=validate.Range(-180, 180), metadata=doc("Longitude, in degrees.", -3.6919)
    )
    postal_code = text("Postal code.", "28014", max_length=20, allow_none=True)
    is_primary = fields.Boolean(
        load_default=False,
        metadata=doc("Whether this becomes the company's primary address; the first one always does.", True),
    )


class AddressResponse(ResponseSchema):
    """An address of a company."""

    id = identifier("The id of the address.")
    street_address = fields.String(metadata=doc("Street and number.", "Calle de Alcalá 1"))
    city_id = fields.Integer(metadata=doc("The city.", 38230))
    state_id = fields.Integer(metadata=doc("The state.", 1391))
    country_id = fields.Integer(metadata=doc("The country.", 69))
    city = fields.Nested(CityResponse, metadata={"description": "The city."})
    state = fields.Nested(StateResponse, metadata={"description": "The state."})
    country = fields.Nested(CountryResponse, metadata={"description": "The country."})
    postal_code = fields.String(allow_none=True, metadata=doc("Postal code; null: not given.", "28014"))
    lat = fields.Float(allow_none=True, metadata=doc("Latitude, in degrees; null: not given.", 40.4189))
    lan = fields.Float(allow_none=True, metadata=doc("Longitude, in degrees; null: not given.", -3.6919))
    is_primary = fields.Boolean(metadata=doc("Whether it is the company's primary address.", True))
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")
