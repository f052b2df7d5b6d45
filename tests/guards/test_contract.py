"""Every route of the contract is served to whom it says, and nothing undocumented is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask

from app.http.requires import Credential, public, requires
from app.models.user import Role
from app.security.scopes import Scope
from tests.guards import contract
from tests.guards.rules import PROJECT

CONTRACT, ADDITIONS = PROJECT / "docs" / "contract.csv", PROJECT / "docs" / "additions.csv"

_NOT_FOR_MEMBERS = "Deleting a company turns everybody in it away; a member or supporter may not do that alone."
# Callers as built, and why, where they differ from the contract on purpose.
DEVIATIONS = {
    ("POST", "/v1/auth/refresh"): (
        "public",
        "The guard takes access tokens only; the service reads the refresh token, which is all that it needs.",
    ),
    ("DELETE", "/v1/company/<company_id>"): ("key: write | jwt: admin", _NOT_FOR_MEMBERS),
    ("DELETE", "/v1/company/bulk-delete"): ("key: write | jwt: admin", _NOT_FOR_MEMBERS),
    ("PATCH", "/v1/company/<company_id>/restore"): ("key: write | jwt: admin", "As for deleting."),
    ("PATCH", "/v1/company/bulk-restore"): ("key: write | jwt: admin", "As for deleting."),
}
# Rows of blueprints that exist, which are still to come.
PENDING: set[tuple[str, str]] = set()


def test_the_contract_is_kept(app: Flask) -> None:
    rows, additions = contract.read(CONTRACT), contract.read(ADDITIONS)
    assert contract.violations(app, rows, additions, deviations=DEVIATIONS, pending=PENDING) == []


def test_the_contract_is_well_formed() -> None:
    rows = contract.read(CONTRACT)
    assert list(rows[0]) == ["method", "path", "callers", "blueprint", "purpose"]
    assert len({(row["method"], row["path"]) for row in rows}) == len(rows)
    assert all(value.strip() for row in rows for value in row.values())


ROW = {"method": "GET", "path": "/v1/tea/<tea_id>", "callers": "key: read | jwt", "blueprint": "tea", "purpose": "Tea"}
AT = (ROW["method"], ROW["path"])


def _tea(
    view: Callable[..., Any], rule: str = "/v1/tea/<uuid:tea_id>", method: str = "GET", name: str = "tea"
) -> Flask:
    app, blueprint = Flask("planted", static_folder=None), Blueprint(name, "planted")
    blueprint.add_url_rule(rule, "view", view, methods=[method])
    app.register_blueprint(blueprint)
    return app


def _reading(tea_id: object) -> str:
    return "tea"


READERS = requires(Credential.API_KEY, Credential.JWT, scope=Scope.READ)(_reading)


def test_a_route_as_promised_is_fine() -> None:
    assert contract.violations(_tea(READERS), [ROW], [], deviations={}) == []


def test_a_blueprint_that_does_not_exist_yet_is_fine() -> None:
    assert contract.violations(Flask("planted", static_folder=None), [ROW], [], deviations={}) == []


@pytest.mark.parametrize(
    ("app", "violation"),
    [
        (_tea(READERS, rule="/v1/teas/<uuid:tea_id>"), "GET /v1/tea/<tea_id>: not served"),
        (_tea(READERS, rule="/v1/tea/<uuid:id>"), "GET /v1/tea/<tea_id>: not served"),
        (_tea(READERS, method="POST"), "GET /v1/tea/<tea_id>: not served"),
        (_tea(READERS, rule="/v1/teas/<uuid:tea_id>"), "GET /v1/teas/<tea_id>: served and not documented"),
        (_tea(READERS, rule="/v1/tea/<string:tea_id>"), "GET /v1/tea/<tea_id>: tea_id has no type"),
        (_tea(public()(_reading)), "GET /v1/tea/<tea_id>: open to public instead of key: read | jwt"),
        (
            _tea(requires(Credential.API_KEY, Credential.JWT, scope=Scope.WRITE)(_reading)),
            "GET /v1/tea/<tea_id>: open to key: write | jwt instead of key: read | jwt",
        ),
        (
            _tea(requires(Credential.JWT)(_reading)),
            "GET /v1/tea/<tea_id>: open to jwt instead of key: read | jwt",
        ),
        (
            _tea(requires(Credential.API_KEY, Credential.JWT, Credential.LEAD, scope=Scope.READ)(_reading)),
            "GET /v1/tea/<tea_id>: open to key: read | jwt | lead (own only) instead of key: read | jwt",
        ),
        (
            _tea(requires(Credential.API_KEY, Credential.JWT, scope=Scope.READ, roles=(Role.SUPER_ADMIN,))(_reading)),
            "GET /v1/tea/<tea_id>: open to key: read, made by a super_admin | jwt: super_admin "
            "instead of key: read | jwt",
        ),
        (
            _tea(requires(Credential.JWT, scope=Scope.ADMIN, roles=(Role.SUPPORTER,))(_reading)),
            "GET /v1/tea/<tea_id>: open to jwt: supporter, scope admin instead of key: read | jwt",
        ),
    ],
)
def test_finds_a_route_that_is_not_as_promised(app: Flask, violation: str) -> None:
    assert violation in contract.violations(app, [ROW], [], deviations={})


def test_finds_a_route_in_the_wrong_blueprint() -> None:
    app = _tea(READERS, name="coffee")
    app.register_blueprint(Blueprint("tea", "planted"))
    found = contract.violations(app, [ROW], [], deviations={})
    assert found == ["GET /v1/tea/<tea_id>: served by coffee instead of tea"]


def test_a_deviation_has_to_be_one() -> None:
    app = _tea(public()(_reading))
    assert contract.violations(app, [ROW], [], deviations={AT: ("public", "why")}) == []
    found = contract.violations(_tea(READERS), [ROW], [], deviations={AT: (ROW["callers"], "why")})
    assert found == ["GET /v1/tea/<tea_id>: no deviation any more"]


def test_what_is_pending_has_to_be_missing() -> None:
    app = _tea(READERS, rule="/v1/other")
    other = {**ROW, "path": "/v1/other"}
    assert contract.violations(app, [ROW, other], [], deviations={}, pending={AT}) == []
    found = contract.violations(_tea(READERS), [ROW], [], deviations={}, pending={AT})
    assert found == ["GET /v1/tea/<tea_id>: not pending any more"]


def test_an_addition_has_to_be_one() -> None:
    addition = {"method": "GET", "path": ROW["path"], "callers": "key: read | jwt", "why": "tea"}
    assert contract.violations(_tea(READERS), [], [addition], deviations={}) == []
    assert contract.violations(_tea(READERS), [], [{**addition, "why": ""}], deviations={}) == [
        "GET /v1/tea/<tea_id>: an addition without a reason"
    ]
    assert contract.violations(_tea(READERS), [ROW], [addition], deviations={}) == [
        "GET /v1/tea/<tea_id>: an addition that the contract has"
    ]
    assert contract.violations(_tea(READERS), [], [addition, {**addition, "path": "/v1/milk"}], deviations={}) == [
        "GET /v1/milk: an addition that is not served"
    ]
    assert contract.violations(_tea(READERS), [], [{**addition, "callers": "jwt"}], deviations={}) == [
        "GET /v1/tea/<tea_id>: open to key: read | jwt instead of jwt"
    ]
