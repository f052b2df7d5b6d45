"""GET /v1/audit-log."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from app.services import audit_log
from tests.admin.chains import write_entries
from tests.cast import PASSWORD, Cast, Headers

PATH = "/v1/audit-log"


@pytest.fixture
def entries(client: FlaskClient, cast: Cast) -> None:
    """Of Acme: two changed names, Bob who signs in, Bob who is suspended; and one of Globex."""
    write_entries(client, cast, 2)
    client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    body = {"status": "suspended", "reason": "left"}
    client.patch(f"/v1/user/{cast.bob.id}/status", json=body, headers=cast.alice.headers)
    client.put(f"/v1/company/{cast.globex}", json={"name": "Globe"}, headers=cast.charlie.headers)


def events(client: FlaskClient, cast: Cast, **query: Any) -> list[str]:
    """What happened in Acme, the newest first."""
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200, answer.text
    return [entry["event_type"] for entry in answer.json["items"]]


def test_lists_what_was_done(client: FlaskClient, cast: Cast, entries: None) -> None:
    answer = client.get(PATH, headers=cast.alice.headers)
    assert answer.json["pagination"] == {"limit": 20, "offset": 0, "total": 4, "total_is_exact": True}
    newest = answer.json["items"][0]
    assert (newest["event_type"], newest["risk_level"], newest["position"]) == ("user_status_changed", "high", 4)
    assert (newest["before"], newest["after"]["status"]) == ({"status": "active"}, "suspended")
    assert (newest["actor_kind"], newest["actor_id"]) == ("user", str(cast.alice.id))
    assert (newest["entity_id"], newest["impersonator_id"]) == (str(cast.bob.id), None)
    assert (newest["ip"], len(newest["seal"])) == ("127.0.0.1", 64)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"entity_type": "company"}, ["company_changed", "company_changed"]),
        ({"entity_type": "user"}, ["user_status_changed", "login_succeeded"]),
        ({"event_type": "login_succeeded"}, ["login_succeeded"]),
        ({"risk_level": "high"}, ["user_status_changed"]),
        ({"risk_level": "critical"}, []),
        ({"entity_type": "company", "risk_level": "high"}, []),
        ({"created_after": "2100-01-01T00:00:00Z"}, []),
        ({"created_before": "2020-01-01T00:00:00Z"}, []),
        ({"limit": 1}, ["user_status_changed"]),
        ({"limit": 2, "offset": 1}, ["login_succeeded", "company_changed"]),
        ({"offset": 4}, []),
    ],
)
def test_filters(client: FlaskClient, cast: Cast, entries: None, query: dict[str, Any], found: list[str]) -> None:
    assert events(client, cast, **query) == found


def test_filters_by_actor_and_entity(client: FlaskClient, cast: Cast, entries: None) -> None:
    assert events(client, cast, actor_id=cast.bob.id) == ["login_succeeded"]
    assert events(client, cast, entity_id=cast.acme) == ["company_changed", "company_changed"]


def test_counts_to_an_end(client: FlaskClient, cast: Cast, entries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "MOST_SKIPPED", 1)
    answer = client.get(PATH, query_string={"limit": 2}, headers=cast.alice.headers)
    assert answer.json["pagination"] == {"limit": 2, "offset": 0, "total": 3, "total_is_exact": False}


def test_shows_super_admins_the_platform_or_a_company(client: FlaskClient, cast: Cast, entries: None) -> None:
    client.post("/v1/auth/login", json={"email": cast.root.email, "password": PASSWORD})
    platform = client.get(PATH, headers=cast.root.headers).json["items"]
    assert [(entry["event_type"], entry["company_id"]) for entry in platform] == [("login_succeeded", None)]
    of_globex = client.get(f"{PATH}?company_id={cast.globex}", headers=cast.key(cast.root, "admin")).json["items"]
    assert [entry["company_id"] for entry in of_globex] == [str(cast.globex)]


def test_takes_keys(client: FlaskClient, cast: Cast, entries: None) -> None:
    key = cast.key(cast.alice, "admin", permissions={"audit": ["admin"]})
    assert len(client.get(PATH, headers=key).json["items"]) == 4


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.get(PATH, headers=headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.globex, uuid4()):
        assert client.get(f"{PATH}?company_id={company_id}", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 10_001}, {"risk_level": "huge"}, {"actor_id": "7"}],
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
