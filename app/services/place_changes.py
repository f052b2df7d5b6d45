"""What admins add to the places that all companies share, and who may change what (docs/decisions/0005)."""

from collections.abc import Mapping
from typing import Any

from app.core.tenancy import across_companies
from app.errors import Conflict, Forbidden, Invalid
from app.models.audit_entry import RiskLevel
from app.models.country import Country
from app.models.shared_place import SharedPlace
from app.models.state import State
from app.repositories import places
from app.repositories.places import Place
from app.security.principal import Principal
from app.services import audit
from app.services.audit import Event
from app.services.places import get

_PARENTS: dict[str, type[SharedPlace]] = {"country_id": Country, "state_id": State}


class PlaceExists(Conflict):
    """Another place has the name or the ISO code."""

    code = "place_exists"
    detail = "There is a place by this name or ISO code already."


class PlaceNotYours(Forbidden):
    """Reference data, or another company's addition; the answer doesn't say which."""

    code = "place_not_yours"
    detail = "All companies share this place; only the operator of this installation can change it."


class PlaceInUse(Conflict):
    """The change would reach what others built on the place."""

    code = "place_in_use"
    detail = "Addresses or places of others depend on this place, so it has to stay as it is."


def add(principal: Principal, kind: type[Place], values: Mapping[str, Any]) -> Place:
    """A new place, to be changed by the caller's company or, when a super admin adds it, by super admins."""
    places.lock()
    _check_parent(values)
    place = places.add(kind, {**values, "added_by_company": principal.company_id})
    if place is None:
        raise PlaceExists
    _record(Event.PLACE_CREATED, principal, place, after=values)
    return place


def change(principal: Principal, kind: type[Place], place_id: int, wanted: Mapping[str, Any]) -> Place:
    """Changes the given fields; another parent moves the place there."""
    places.lock()
    place = get(kind, place_id)
    if not principal.is_super_admin and place.added_by_company != principal.company():
        raise PlaceNotYours
    changes = {name: value for name, value in wanted.items() if value != getattr(place, name)}
    if changes:
        _check_change(principal, place, changes)
        before = {name: getattr(place, name) for name in changes}
        for name, value in changes.items():
            setattr(place, name, value)
        _record(Event.PLACE_CHANGED, principal, place, before=before, after=changes)
    return place


def _check_change(principal: Principal, place: SharedPlace, changes: Mapping[str, Any]) -> None:
    _check_parent(changes)
    _check_reach(principal, place, moves=not changes.keys().isdisjoint(_PARENTS))
    if places.is_taken(place, changes):
        raise PlaceExists


def _check_parent(values: Mapping[str, Any]) -> None:
    for field, kind in _PARENTS.items():
        if field in values and places.get(kind, values[field]) is None:
            raise Invalid(errors={field: ["There is nothing by this id."]})


def _check_reach(principal: Principal, place: SharedPlace, *, moves: bool) -> None:
    """Nobody moves a place that addresses lie in, since these name its parents, too; and an admin changes only what
    nobody else has come to rely on."""
    own = None if principal.is_super_admin else principal.company()
    if own and places.has_others_below(place, own):
        raise PlaceInUse
    if not own and not moves:
        return
    with across_companies("whether any company's address lies in a shared place; no row leaves"):
        if places.is_addressed_across_companies(place, except_company=None if moves else own):
            raise PlaceInUse


def _record(event: Event, principal: Principal, place: SharedPlace, **states: Mapping[str, Any]) -> None:
    audit.record(
        event,
        type(place).__name__.lower(),
        place.id,
        company_id=principal.company_id,
        by=principal,
        # What super admins change, every company sees.
        risk=RiskLevel.MEDIUM if principal.is_super_admin else RiskLevel.LOW,
        **states,
    )
