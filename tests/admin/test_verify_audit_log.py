"""GET /v1/audit-log/verify."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.services import audit, audit_log, audit_verification
from tests.admin.chains import VERIFY, by_hand, chain_of, problems, write_entries
from tests.cast import Cast, Headers

_COLUMNS = (
    "id, company_id, event_type, entity_type, entity_id, actor_kind, actor_id, impersonator_id, before, after, ip, "
    "user_agent, request_id, risk_level, created_at, updated_at, previous_seal, seal"
)


def test_an_untouched_chain_holds(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 3)
    answer = client.get(VERIFY, headers=cast.alice.headers)
    last = chain_of(database, cast.acme)[-1]
    assert answer.status_code == 200
    assert answer.json == {
        "company_id": str(cast.acme),
        "valid": True,
        "complete": True,
        "checked": 3,
        "checked_through": 3,
        "problem_count": 0,
        "problems": [],
        "position": 3,
        "seal": last.seal.hex(),
        "forgotten_through": 0,
    }


def test_a_chain_without_entries_holds(client: FlaskClient, cast: Cast) -> None:
    assert problems(client, cast) == []


@pytest.mark.parametrize(
    "change",
    [
        "risk_level = 'low'",
        "after = jsonb_set(after, '{name}', '\"Evil\"')",
        "actor_id = gen_random_uuid()",
        "impersonator_id = gen_random_uuid()",
        "created_at = created_at - interval '1 microsecond'",
        "ip = NULL",
        "seal = decode(repeat('00', 32), 'hex')",
        "previous_seal = decode(repeat('00', 32), 'hex')",
    ],
)
def test_finds_an_entry_that_was_changed(client: FlaskClient, database: Session, cast: Cast, change: str) -> None:
    write_entries(client, cast, 4)
    by_hand(database, f"UPDATE audit_entries SET {change} WHERE position = 2")
    assert problems(client, cast) == [("changed", 2)]
    (problem,) = client.get(VERIFY, headers=cast.alice.headers).json["problems"]
    assert problem["entry_id"] == str(chain_of(database, cast.acme)[1].id)


@pytest.mark.parametrize(
    ("gone", "through"), [([1], 1), ([2], 2), ([2, 3], 3), ([4], 4), ([3, 4], 4), ([1, 2, 3, 4], 4)]
)
def test_finds_entries_that_were_removed(
    client: FlaskClient, database: Session, cast: Cast, gone: list[int], through: int
) -> None:
    write_entries(client, cast, 4)
    by_hand(database, "DELETE FROM audit_entries WHERE position = ANY(:gone)", gone=gone)
    (problem,) = client.get(VERIFY, headers=cast.alice.headers).json["problems"]
    assert (problem["kind"], problem["position"], problem["through_position"]) == ("removed", gone[0], through)


@pytest.mark.parametrize("position", [0, -7, 5, 6])
def test_finds_an_entry_that_was_put_in(client: FlaskClient, database: Session, cast: Cast, position: int) -> None:
    write_entries(client, cast, 4)
    selected = _COLUMNS.replace("id, company", "gen_random_uuid(), company", 1)
    statement = f"INSERT INTO audit_entries ({_COLUMNS}, position) SELECT {selected}, :at FROM audit_entries"
    by_hand(database, f"{statement} WHERE position = 2", at=position)
    assert ("inserted", position) in problems(client, cast)


def test_finds_entries_that_changed_places(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 4)
    for was, becomes in ((2, 99), (3, 2), (99, 3)):
        by_hand(
            database, "UPDATE audit_entries SET position = :becomes WHERE position = :was", becomes=becomes, was=was
        )
    assert problems(client, cast) == [("changed", 2), ("changed", 3)]


def test_finds_an_entry_of_another_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 2)
    client.put(f"/v1/company/{cast.globex}", json={"name": "Globe"}, headers=cast.charlie.headers)
    by_hand(database, "DELETE FROM audit_entries WHERE company_id = :acme AND position = 1", acme=cast.acme)
    moved = "UPDATE audit_entries SET company_id = :acme WHERE company_id = :globex"
    by_hand(database, moved, acme=cast.acme, globex=cast.globex)
    assert problems(client, cast) == [("changed", 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_chains SET position = 2, head = (SELECT seal FROM audit_entries WHERE position = 2)",
        "UPDATE audit_chains SET base_position = 2, base = (SELECT seal FROM audit_entries WHERE position = 2)",
        "DELETE FROM audit_chains",
    ],
)
def test_finds_a_chain_whose_own_row_was_changed(
    client: FlaskClient, database: Session, cast: Cast, statement: str
) -> None:
    write_entries(client, cast, 4)
    by_hand(database, statement)
    assert ("head_changed", None) in problems(client, cast)


def test_finds_a_history_that_was_written_anew(client: FlaskClient, database: Session, cast: Cast) -> None:
    """By somebody who has the keys, too: the seal that was kept elsewhere tells."""
    write_entries(client, cast, 3)
    kept = client.get(VERIFY, headers=cast.alice.headers).json
    known = {"known_position": kept["position"], "known_seal": kept["seal"]}
    write_entries(client, cast, 1)
    assert problems(client, cast, **known) == []
    by_hand(database, "DELETE FROM audit_entries")
    by_hand(database, "DELETE FROM audit_chains")
    assert problems(client, cast, **known) == [("head_changed", None)]
    write_entries(client, cast, 4)
    assert problems(client, cast) == []
    assert problems(client, cast, **known) == [("rewritten", 3)]


def test_goes_on_where_the_call_before_ended(
    client: FlaskClient, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "_VERIFYING_SECONDS", 0.0)
    monkeypatch.setattr(audit_verification, "_PAGE", 2)
    write_entries(client, cast, 5)
    by_hand(database, "UPDATE audit_entries SET ip = '6.6.6.6' WHERE position = 3")
    after, found, complete = 0, [], False
    while not complete:
        answer = client.get(VERIFY, query_string={"after": after}, headers=cast.alice.headers).json
        found += [(after, problem["kind"], problem["position"]) for problem in answer["problems"]]
        after, complete = answer["checked_through"], answer["complete"]
    assert (after, found) == (5, [(2, "changed", 3)])


def test_tells_of_the_first_hundred(
    client: FlaskClient, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_verification, "_MOST_TOLD", 2)
    write_entries(client, cast, 4)
    by_hand(database, "UPDATE audit_entries SET ip = '6.6.6.6'")
    answer = client.get(VERIFY, headers=cast.alice.headers).json
    assert (answer["problem_count"], len(answer["problems"])) == (4, 2)


@pytest.mark.parametrize(
    "value",
    [1, 1.0, 0.1, -0.0, 1e15, 1e22, 1e23, 1e-7, 1e300, 2**53 + 1, 10**30, True, None, "Zoë 🛎", {"b": [1, {"a": 2.50}]}],
)
def test_what_postgres_makes_of_a_value_is_the_same_value(
    app: Flask, client: FlaskClient, cast: Cast, value: Any
) -> None:
    with app.app_context(), transaction():
        tenancy.enter_company(cast.acme)
        audit.record(
            audit.Event.COMPANY_CHANGED, "company", 1, company_id=cast.acme, by=None, after={"z": 1, "a": value}
        )
    assert problems(client, cast) == []


def test_super_admins_verify_the_platform_or_a_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post("/v1/auth/login", json={"email": "nobody@acme.example", "password": "whatever"})
    write_entries(client, cast, 1)
    platform = client.get(VERIFY, headers=cast.root.headers).json
    assert (platform["company_id"], platform["checked"]) == (None, 1)
    acme = client.get(VERIFY, query_string={"company_id": cast.acme}, headers=cast.root.headers).json
    assert (acme["company_id"], acme["checked"], acme["valid"]) == (str(cast.acme), 1, True)
    by_hand(database, "UPDATE audit_entries SET risk_level = 'low' WHERE company_id IS NULL")
    assert not client.get(VERIFY, headers=cast.root.headers).json["valid"]


def _verify_all(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["audit", "verify"])


def test_operators_verify_everything(app: Flask, client: FlaskClient, database: Session, cast: Cast) -> None:
    write_entries(client, cast, 2)
    client.put(f"/v1/company/{cast.globex}", json={"name": "Globe"}, headers=cast.charlie.headers)
    ended = _verify_all(app)
    assert (ended.exit_code, len(ended.output.splitlines())) == (0, 2)
    by_hand(database, "UPDATE audit_entries SET ip = '6.6.6.6' WHERE company_id = :it", it=cast.globex)
    ended = _verify_all(app)
    assert (ended.exit_code, "changed at 1" in ended.output) == (1, True)


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(VERIFY).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.get(VERIFY, headers=headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.globex, uuid4()):
        assert client.get(f"{VERIFY}?company_id={company_id}", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"after": -1}, "after"),
        ({"after": "x"}, "after"),
        ({"known_position": 3}, "known_seal"),
        ({"known_seal": "0" * 64}, "known_position"),
        ({"known_position": 0, "known_seal": "0" * 64}, "known_position"),
        ({"known_position": 1, "known_seal": "0" * 63}, "known_seal"),
    ],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any], wrong: str) -> None:
    answer = client.get(VERIFY, query_string=query, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [wrong])
