"""Countries, states and cities, which all companies share: statements on them name no company."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.address import Address
from app.models.city import City
from app.models.country import Country
from app.models.shared_place import LARGEST_ID, SharedPlace
from app.models.state import State
from app.repositories import folding

Place = TypeVar("Place", bound=SharedPlace)

_LOCK = 0x706C61636573  # "places": one number for Postgres' advisory locks
_PARENT: dict[type[SharedPlace], InstrumentedAttribute[int]] = {State: State.country_id, City: City.state_id}
_CHILD: dict[type[SharedPlace], type[SharedPlace]] = {Country: State, State: City}
_IN_ADDRESS: dict[type[SharedPlace], InstrumentedAttribute[int]] = {
    Country: Address.country_id,
    State: Address.state_id,
    City: Address.city_id,
}


def lock() -> None:
    """Lets nobody else write places until the transaction ends, so that what was checked stays true."""
    session().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def hold() -> None:
    """Lets nobody write places until the transaction ends; any number of transactions may hold them."""
    session().execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _LOCK})


def get(kind: type[Place], place_id: int, *loading: ORMOption) -> Place | None:
    """A country, state or city by its id."""
    # Postgres would refuse a number that ids can't have, instead of not finding it. Routes leave that to us: a limit
    # of theirs would answer 405 where the same address takes several methods.
    return session().get(kind, place_id, options=loading) if place_id <= LARGEST_ID else None


def get_city_with_parents(city_id: int) -> City | None:
    """A city, with its state and country loaded."""
    return get(City, city_id, joinedload(City.state).joinedload(State.country))


def find_all(kind: type[Place], *, parent_id: int) -> Sequence[Place]:
    """All the places below a parent, by name."""
    return session().scalars(_below(kind, parent_id).order_by(*_by_name(kind))).all()


def find_page(kind: type[Place], wanted: PageRequest, *, parent_id: int | None, search: str) -> Page[Place]:
    """A page of the places below a parent (of all countries: None), by name.

    `search`, unless empty, finds parts of names, whatever the case and accents, and whole ISO codes; these come first.
    """
    statement = _below(kind, parent_id)
    if search:
        fits = folding.contains(kind.name, search)
        code = _code_is(kind, search)
        if code is not None:
            fits, statement = fits | code, statement.order_by(func.coalesce(code, False).desc())
        statement = statement.where(fits)
    return paginate(statement.order_by(*_by_name(kind)), wanted)


def add(kind: type[Place], values: Mapping[str, Any]) -> Place | None:
    """A new place; None when there is one by its name or ISO code."""
    statement = insert(kind).values(**values).on_conflict_do_nothing().returning(kind)
    return session().scalars(statement).first()


def is_taken(place: SharedPlace, changes: Mapping[str, Any]) -> bool:
    """Whether another place has the name, below the same parent, or the ISO code that this one would get."""
    kind = type(place)
    taken = func.lower(kind.name) == func.lower(changes.get("name", place.name))
    if kind in _PARENT:
        parent = _PARENT[kind]
        taken &= parent == changes.get(parent.key, getattr(place, parent.key))
    if changes.get("iso_code"):
        taken |= literal_column("iso_code") == changes["iso_code"]
    return session().scalar(select(kind.id).where(taken, kind.id != place.id).limit(1)) is not None


def is_addressed_across_companies(place: SharedPlace, *, except_company: UUID | None = None) -> bool:
    """Whether an address lies in the place; `except_company` leaves the addresses of one company out."""
    statement = select(Address.id).where(_IN_ADDRESS[type(place)] == place.id)
    if except_company is not None:
        statement = statement.where(Address.company_id != except_company)
    return session().scalar(statement.limit(1)) is not None


def has_others_below(place: SharedPlace, company_id: UUID) -> bool:
    """Whether there are places below this one that others than the company added."""
    child = _CHILD.get(type(place))
    if child is None:
        return False
    others = child.added_by_company.is_distinct_from(company_id)
    return session().scalar(select(child.id).where(_PARENT[child] == place.id, others).limit(1)) is not None


def _below(kind: type[Place], parent_id: int | None) -> Select[Place]:
    statement = select(kind)
    return statement if parent_id is None else statement.where(_PARENT[kind] == parent_id)


def _by_name(kind: type[SharedPlace]) -> tuple[ColumnElement[str], ColumnElement[int]]:
    # Not the bare name: where the database sorts by code point, Åland would come after Zimbabwe.
    return folding.folded(kind.name), kind.id  # type: ignore[return-value]


def _code_is(kind: type[SharedPlace], wanted: str) -> ColumnElement[bool] | None:
    """Whether the ISO code is `wanted`, a state's also without its country: CA finds US-CA."""
    if kind is Country:
        return Country.iso_code == wanted.upper()
    if kind is State:
        return (State.iso_code == wanted.upper()) | State.iso_code.endswith(f"-{wanted.upper()}", autoescape=True)
    return None
