"""Countries, states and cities, which all companies share, and the addresses of companies."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request

from app.blueprints.address.schemas import (
    AddressResponse,
    CityDetailsResponse,
    CityPage,
    CityResponse,
    CountryDetailsResponse,
    CountryPage,
    CountryResponse,
    CreateAddressRequest,
    CreateCityRequest,
    CreateCountryRequest,
    CreateStateRequest,
    PlaceQuery,
    SeededResponse,
    StateDetailsResponse,
    StatePage,
    StateResponse,
    UpdateCityRequest,
    UpdateCountryRequest,
    UpdateStateRequest,
)
from app.core.paging import Page, PageRequest
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, public, requires
from app.models.address import Address
from app.models.city import City
from app.models.country import Country
from app.models.state import State
from app.models.user import Role
from app.services import addresses, place_changes, places
from app.services.addresses import NewAddress
from app.services.places import Seeded

View = TypeVar("View", bound=Callable[..., Any])

blp = Blueprint(
    "address",
    __name__,
    description="Countries, states and cities (ISO 3166; cities: Countries States Cities Database, ODbL 1.0), "
    "and the addresses of companies.",
)

_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)


def _cacheable(view: View) -> View:
    """Lets anybody keep the answer, and ask with its ETag whether it still holds.

    No `max-age`: who has just added a city would not find it in the list.
    """

    @wraps(view)
    def cacheable(*args: Any, **kwargs: Any) -> Response:
        response: Response = view(*args, **kwargs)
        response.headers["Cache-Control"] = "public, no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response

    cached: View = blp.alt_response(304, description="Nothing has changed since the ETag of If-None-Match.")(cacheable)
    return cached


@blp.get("/v1/address-seed")
@public(category=Category.AUTHENTICATION)
@blp.response(200, SeededResponse)
def seed_places() -> Seeded:
    """Add the countries, states and cities of the world that are missing"""
    return places.seed()


@blp.post("/v1/country")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(CreateCountryRequest)
@blp.response(201, CountryResponse)
def create_country(body: dict[str, Any]) -> Any:
    """Add a country, for all companies"""
    country = place_changes.add(current_principal(), Country, body)
    return country, 201, {"Location": f"/v1/country/{country.id}"}


@blp.get("/v1/country")
@public()
@_cacheable
@blp.arguments(PlaceQuery, location="query")
@blp.response(200, CountryPage)
def find_countries(query: dict[str, Any]) -> Page[Country]:
    """List countries"""
    search = query.pop("search")
    return places.find_countries(PageRequest(**query), search)


@blp.get("/v1/country/<int:country_id>")
@public()
@_cacheable
@blp.response(200, CountryDetailsResponse)
def get_country(country_id: int) -> dict[str, Any]:
    """Fetch a country with its states"""
    country, states = places.get_country_with_states(country_id)
    return {**_shown(country, CountryResponse), "states": states}


@blp.patch("/v1/country/<int:country_id>")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(UpdateCountryRequest)
@blp.response(200, CountryResponse)
def update_country(body: dict[str, Any], country_id: int) -> Country:
    """Change a country that your company added; super admins: any"""
    return place_changes.change(current_principal(), Country, country_id, body)


@blp.post("/v1/state")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(CreateStateRequest)
@blp.response(201, StateResponse)
def create_state(body: dict[str, Any]) -> Any:
    """Add a state, for all companies"""
    state = place_changes.add(current_principal(), State, body)
    return state, 201, {"Location": f"/v1/state/{state.id}"}


@blp.get("/v1/state/country/<int:country_id>")
@public()
@_cacheable
@blp.arguments(PlaceQuery, location="query")
@blp.response(200, StatePage)
def find_states(query: dict[str, Any], country_id: int) -> Page[State]:
    """List the states of a country"""
    search = query.pop("search")
    return places.find_states(country_id, PageRequest(**query), search)


@blp.get("/v1/state/<int:state_id>")
@public()
@_cacheable
@blp.response(200, StateDetailsResponse)
def get_state(state_id: int) -> dict[str, Any]:
    """Fetch a state with its cities"""
    state, cities = places.get_state_with_cities(state_id)
    return {**_shown(state, StateResponse), "cities": cities}


@blp.patch("/v1/state/<int:state_id>")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(UpdateStateRequest)
@blp.response(200, StateResponse)
def update_state(body: dict[str, Any], state_id: int) -> State:
    """Change a state that your company added; super admins: any"""
    return place_changes.change(current_principal(), State, state_id, body)


@blp.post("/v1/city")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(CreateCityRequest)
@blp.response(201, CityResponse)
def create_city(body: dict[str, Any]) -> Any:
    """Add a city, for all companies"""
    city = place_changes.add(current_principal(), City, body)
    return city, 201, {"Location": f"/v1/city/{city.id}"}


@blp.get("/v1/city/state/<int:state_id>")
@public()
@_cacheable
@blp.arguments(PlaceQuery, location="query")
@blp.response(200, CityPage)
def find_cities(query: dict[str, Any], state_id: int) -> Page[City]:
    """List the cities of a state"""
    search = query.pop("search")
    return places.find_cities(state_id, PageRequest(**query), search)


@blp.get("/v1/city/<int:city_id>")
@public()
@_cacheable
@blp.response(200, CityDetailsResponse)
def get_city(city_id: int) -> City:
    """Fetch a city with its state and country"""
    return places.get_city_with_parents(city_id)


@blp.patch("/v1/city/<int:city_id>")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(UpdateCityRequest)
@blp.response(200, CityResponse)
def update_city(body: dict[str, Any], city_id: int) -> City:
    """Change a city that your company added; super admins: any"""
    return place_changes.change(current_principal(), City, city_id, body)


@blp.post("/v1/address")
@requires(Credential.JWT, roles=_ADMINS)
@blp.arguments(CreateAddressRequest)
@blp.response(201, AddressResponse)
def create_address(body: dict[str, Any]) -> Any:
    """Add an address to your company; the first one becomes the primary one"""
    return addresses.create(current_principal(), NewAddress(**body)), 201, {"Location": "/v1/address"}


@blp.get("/v1/address")
@requires(Credential.JWT)
@blp.response(200, AddressResponse)
def get_address() -> Address:
    """Fetch your company's primary address"""
    return addresses.get_primary(current_principal())


def _shown(place: Country | State, schema: type[CountryResponse | StateResponse]) -> dict[str, Any]:
    return {name: getattr(place, name) for name in schema().fields}
