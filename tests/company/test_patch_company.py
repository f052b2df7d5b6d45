"""PATCH /v1/company/<company_id>."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from tests.cast import Cast
from tests.rows import audited, now_in


def path(cast: Cast) -> str:
    """Acme."""
    return f"/v1/company/{cast.acme}"


def test_lets_a_super_admin_change_a_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.patch(path(cast), json={"email": "new@acme.example"}, headers=cast.root.headers)
    assert (answer.status_code, answer.json["email"]) == (200, "new@acme.example")
    acme = now_in(database, Company, cast.acme)
    assert (acme.email, acme.name) == ("new@acme.example", "Acme")
    entry = audited(database, "company_changed")
    assert (entry.actor_id, entry.company_id) == (cast.root.id, cast.acme)


def test_suspends_a_company_at_once_and_lets_it_back(client: FlaskClient, cast: Cast) -> None:
    for status, answer in (("suspended", 403), ("active", 200)):
        assert client.patch(path(cast), json={"status": status}, headers=cast.root.headers).status_code == 200
        assert client.get("/v1/company", headers=cast.alice.headers).status_code == answer


def test_sets_the_companys_own_rate_limits(client: FlaskClient, cast: Cast) -> None:
    body = {"rate_limits": {"general": 7}}
    assert client.patch(path(cast), json=body, headers=cast.root.headers).status_code == 200
    assert client.get("/v1/company", headers=cast.alice.headers).headers["X-RateLimit-Limit"] == "7"


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.patch(path(cast), json={"name": "New"}).status_code == 401


def test_refuses_everybody_but_super_admins(client: FlaskClient, database: Session, cast: Cast) -> None:
    for person in (cast.alice, cast.bob, cast.vera, cast.charlie):
        assert client.patch(path(cast), json={"name": "New"}, headers=person.headers).status_code == 403
    assert now_in(database, Company, cast.acme).name == "Acme"


def test_refuses_api_keys(client: FlaskClient, cast: Cast) -> None:
    for maker in (cast.alice, cast.root):
        answer = client.patch(path(cast), json={"name": "New"}, headers=cast.key(maker, "admin"))
        assert answer.status_code == 401


def test_answers_404_when_there_is_none(client: FlaskClient, cast: Cast) -> None:
    answer = client.patch(f"/v1/company/{uuid4()}", json={"name": "New"}, headers=cast.root.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"name": "", "more": 1}, {"status": "closed"}, {"rate_limits": {"general": 0}}, {"rate_limits": None}]
    + [{"rate_limits": {"unlimited": 5}}, {"rate_limits": {"general": 1.5}}, {"deleted_at": None}, {"address_id": "7"}],
)
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.patch(path(cast), json=body, headers=cast.root.headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(body))
    assert now_in(database, Company, cast.acme).status == "active"
