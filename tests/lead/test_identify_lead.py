"""POST /v1/lead/identify: a visitor whom their company knows."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models.agent import Agent
from app.models.company import Company
from app.models.lead import Lead
from tests.agent.rows import START, add_agent
from tests.cast import Cast
from tests.rows import all_of, change, count, now_in

PATH = "/v1/lead/identify"
SECRET = "fdi_a-secret-of-the-tests-that-is-long-enough-for-the-longest-of-the-hashes-as-well"
NOW = START


@pytest.fixture
def ronda(database: Session, cast: Cast) -> Agent:
    """Acme's agent, whose visitors can be identified."""
    return add_agent(database, cast.acme, identity_secret=SECRET, identity_secret_at=NOW)


def sign(agent: Agent, *, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token as a company's server makes it; a claim that is None is left out."""
    values = {"sub": "4711", "aud": str(agent.id), "exp": int(time.time()) + 300, **claims}
    return jwt.encode({name: value for name, value in values.items() if value is not None}, secret, algorithm)


def identify(client: FlaskClient, agent: Agent, token: str, **headers: str) -> TestResponse:
    return client.post(PATH, json={"agent_id": str(agent.id), "token": token}, headers=headers)


def test_lets_a_visitor_in_whom_the_company_knows(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    known = {"email": "vera@EXAMPLE.com", "given_name": "Vera", "family_name": "Visitor", "locale": "es-MX"}
    answer = identify(client, ronda, sign(ronda, **known, phone_number="+34911234567"))
    assert answer.status_code == 200
    lead = now_in(database, Lead, UUID(answer.json["lead"]["id"]))
    assert (lead.company_id, lead.agent_id, lead.external_id) == (cast.acme, ronda.id, "4711")
    assert (lead.first_name, lead.last_name, lead.email) == ("Vera", "Visitor", "vera@example.com")
    assert (lead.phone, lead.language, lead.source) == ("+34911234567", "es-MX", "widget")
    mine = client.get("/v1/lead/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert mine.json == answer.json["lead"]
    again = client.post("/v1/lead/refresh", headers={"Authorization": f"Bearer {answer.json['refresh_token']}"})
    assert again.json["lead"] == answer.json["lead"]


def test_a_visitor_may_be_known_by_nothing_but_an_id(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = identify(client, ronda, sign(ronda))
    assert (answer.json["lead"]["first_name"], answer.json["lead"]["last_name"]) == ("4711", "")
    assert answer.json["lead"]["email"] is None
    found = client.get("/v1/lead/company?search=4711", headers=cast.alice.headers).json["items"]
    assert [(each["external_id"], each["email"]) for each in found] == [("4711", None)]


def test_is_the_same_lead_every_time(client: FlaskClient, database: Session, ronda: Agent) -> None:
    """A token that is sent again says nothing new; a new one says what has changed."""
    token = sign(ronda, name="Vera von Visitor", email="vera@example.com")
    first = identify(client, ronda, token).json["lead"]
    assert (first["first_name"], first["last_name"]) == ("Vera", "von Visitor")
    assert identify(client, ronda, token).json["lead"] == first
    second = identify(client, ronda, sign(ronda, email="new@example.com")).json["lead"]
    assert (second["id"], second["email"], second["first_name"]) == (first["id"], "new@example.com", "Vera")
    assert second["updated_at"] > first["updated_at"]
    assert count(database, Lead, Lead.external_id == "4711") == 1


def test_everybody_has_a_lead_of_their_own(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    """By their company, their agent, and what the company calls them; one that was deleted does not come back."""
    shared = {"identity_secret": SECRET, "identity_secret_at": NOW}
    agents = [ronda, add_agent(database, cast.acme, **shared), add_agent(database, cast.globex, **shared)]
    ids = [identify(client, agent, sign(agent)).json["lead"]["id"] for agent in agents]
    ids.append(identify(client, ronda, sign(ronda, sub="4712")).json["lead"]["id"])
    change(database, Lead, UUID(ids[0]), deleted_at=START)
    ids.append(identify(client, ronda, sign(ronda)).json["lead"]["id"])
    assert len(set(ids)) == 5


def test_no_e_mail_opens_what_somebody_registered(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    answer = identify(client, ronda, sign(ronda, email=cast.vera.email))
    assert answer.json["lead"]["id"] != str(cast.vera.id)


def test_two_at_once_are_one_lead(app: Flask, client: FlaskClient, database: Session, ronda: Agent) -> None:
    token = sign(ronda)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: identify(app.test_client(), ronda, token), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["lead"]["id"] for answer in answers}) == 1
    assert len(all_of(database, Lead, Lead.external_id == "4711")) == 1


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"exp": None}, "no exp"),
        ({"sub": None}, "no sub"),
        ({"aud": None}, "no aud"),
        ({"exp": 1}, "expired"),
        ({"exp": "soon"}, "not valid"),
        ({"exp": 10**400}, "not valid"),
        ({"exp": int(time.time()) + 86_400}, "too long"),
        ({"aud": str(uuid4())}, "another agent"),
        ({"aud": ["*"]}, "another agent"),
        ({"sub": 4711}, "not valid"),
        ({"sub": ""}, "sub must"),
        ({"sub": "x" * 201}, "sub must"),
        ({"sub": "a\u0000b"}, "sub must"),
        ({"sub": "\ud800"}, "sub must"),
        ({"nbf": int(time.time()) + 3600}, "not valid"),
    ],
)
def test_refuses_claims_that_prove_nothing(
    client: FlaskClient, database: Session, ronda: Agent, claims: dict[str, Any], problem: str
) -> None:
    answer = identify(client, ronda, sign(ronda, **claims))
    assert (answer.status_code, answer.json["code"]) == (401, "identity_refused")
    assert problem in answer.json["detail"]
    assert count(database, Lead, Lead.external_id.is_not(None)) == 0


def test_refuses_other_signatures(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    """Another secret, another algorithm, none at all, a token of ours, and what is no token."""
    other = "another-secret-of-the-tests-that-is-long-enough-even-for-the-longest-of-the-hashes"
    head, body, signature = sign(ronda).split(".")
    for token in (
        sign(ronda, secret=other),
        sign(ronda, algorithm="HS512"),
        jwt.encode({"sub": "4711", "aud": str(ronda.id), "exp": int(time.time()) + 60}, None, "none"),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-2]}AA",
        cast.vera.token,
        cast.alice.token,
        "a.b.c",
        "…",
    ):
        answer = identify(client, ronda, token)
        assert (answer.status_code, answer.json["code"]) == (401, "identity_refused"), token


def test_refuses_everybody_without_a_secret(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    plain = add_agent(database, cast.acme)
    answer = identify(client, plain, sign(plain))
    assert (answer.status_code, answer.json["code"]) == (401, "identity_refused")
    assert "has no identity secret" in answer.json["detail"]


def test_leaves_out_what_can_not_be_used(client: FlaskClient, ronda: Agent) -> None:
    """A mistyped phone number shouldn't lock anybody out."""
    odd = {"email": "nobody", "phone_number": "911", "locale": "spanish!", "given_name": ["x"], "name": "a\u202eb"}
    answer = identify(client, ronda, sign(ronda, **odd))
    assert answer.status_code == 200
    lead = answer.json["lead"]
    assert (lead["email"], lead["phone"], lead["first_name"]) == (None, None, "4711")


def test_is_for_the_allowed_sites_alone(client: FlaskClient, database: Session, ronda: Agent) -> None:
    change(database, Agent, ronda.id, widget_config={"allowed_domains": ["acme.example"]})
    statuses = [
        identify(client, ronda, sign(ronda), **({"Origin": origin} if origin else {})).status_code
        for origin in ("https://acme.example", "https://frontdesk.test", "https://evil.example", None)
    ]
    assert statuses == [200, 200, 403, 403]


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Agent, {"status": "inactive"}),
        (Agent, {"deleted_at": START}),
        (Company, {"status": "suspended"}),
        (Company, {"deleted_at": START}),
    ],
)
def test_knows_no_agent_that_takes_no_visitors(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, model: type[Any], values: dict[str, Any]
) -> None:
    change(database, model, ronda.id if model is Agent else cast.acme, **values)
    assert identify(client, ronda, sign(ronda)).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"token": "x"}, {"agent_id": "7", "token": "x"}, {"token": 7}, {"token": ""}, {"token": "x" * 4097}]
)
def test_refuses_bad_input(client: FlaskClient, ronda: Agent, body: dict[str, Any]) -> None:
    assert client.post(PATH, json={"agent_id": str(ronda.id), **body, "x": 1}).status_code == 422


def test_is_counted_by_address_and_agent(client: FlaskClient, ronda: Agent, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_visitors=2)
    assert [identify(client, ronda, "guess").status_code for _ in range(3)] == [401, 401, 429]
