"""Postal addresses of companies."""

from dataclasses import asdict, dataclass
from uuid import UUID

from app.errors import Invalid, NotFound
from app.models.address import Address
from app.models.city import City
from app.models.company import Company
from app.models.country import Country
from app.models.state import State
from app.repositories import addresses, companies, places
from app.security.principal import Principal
from app.services import audit
from app.services.audit import Event


@dataclass(frozen=True)
class NewAddress:
    """An address to be. `lat` and `lan` (longitude) are in degrees."""

    street_address: str
    city_id: int
    state_id: int
    country_id: int
    postal_code: str | None = None
    lat: float | None = None
    lan: float | None = None
    is_primary: bool = False


def create(principal: Principal, new: NewAddress) -> Address:
    """A new address of the caller's company. The first one becomes the primary one, whatever `new` says.

    Raises `Invalid` unless city, state and country lie in one another.
    """
    company = _lock_company(principal.company())
    address = Address(company_id=company.id, **asdict(new))
    address.city, address.state, address.country = _find_places(new)
    address.is_primary = new.is_primary or addresses.find_primary(company_id=company.id) is None
    if address.is_primary:
        addresses.clear_primary(company_id=company.id)
    addresses.add(address)
    if address.is_primary:
        company.address_id = address.id
    after = {**asdict(new), "is_primary": address.is_primary}
    audit.record(Event.ADDRESS_CREATED, "address", address.id, company_id=company.id, by=principal, after=after)
    return address


def get_primary(principal: Principal) -> Address:
    """The primary address of the caller's company, with its city, state and country."""
    address = addresses.find_primary(company_id=principal.company())
    if address is None:
        raise NotFound("The company has no address yet.")
    return address


def _lock_company(company_id: UUID) -> Company:
    # One after the other: of two first addresses at the same moment, both would become the primary one.
    addresses.lock(company_id=company_id)
    company = companies.get(company_id)
    if company is None:
        raise NotFound
    return company


def _find_places(new: NewAddress) -> tuple[City, State, Country]:
    places.hold()
    city, state = places.get(City, new.city_id), places.get(State, new.state_id)
    country = places.get(Country, new.country_id)
    wanted = {"city_id": city, "state_id": state, "country_id": country}
    errors = {field: ["There is nothing by this id."] for field, place in wanted.items() if place is None}
    if city and state and city.state_id != state.id:
        errors["city_id"] = ["This city does not lie in that state."]
    if state and country and state.country_id != country.id:
        errors["state_id"] = ["This state does not lie in that country."]
    if errors or not (city and state and country):
        raise Invalid(errors=errors)
    return city, state, country
