"""POST /v1/lead/refresh: a visitor comes back."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models.agent import Agent
from app.models.company import Company
from app.models.lead import Lead
from app.security import tokens
from tests.agent.rows import START
from tests.cast import Cast
from tests.lead.test_register_lead import PATH as REGISTER
from tests.lead.test_register_lead import _body
from tests.rows import change

PATH = "/v1/lead/refresh"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def registered(client: FlaskClient, ronda: Agent) -> Any:
    """What a visitor got when they registered."""
    return client.post(REGISTER, json=_body(ronda)).json


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post(PATH, headers=bearer(token))


def test_gives_new_tokens_to_the_same_visitor(client: FlaskClient, registered: Any) -> None:
    answer = refresh(client, registered["refresh_token"])
    assert answer.status_code == 200
    assert answer.json["lead"] == registered["lead"]
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 24 * 3600)
    assert answer.json["access_token"] != registered["access_token"]
    mine = client.get("/v1/lead/me", headers=bearer(answer.json["access_token"]))
    assert mine.json == registered["lead"]
    assert refresh(client, answer.json["refresh_token"]).status_code == 200


def test_two_tabs_may_come_with_the_same(client: FlaskClient, registered: Any) -> None:
    assert [refresh(client, registered["refresh_token"]).status_code for _ in range(2)] == [200, 200]


def test_it_lives_for_thirty_days(app: Flask, cast: Cast) -> None:
    with app.app_context():
        claims = tokens.read(tokens.issue_lead_refresh(cast.vera.id))
        access = tokens.read(tokens.issue_lead(cast.vera.id))
    assert claims.use is tokens.TokenUse.LEAD_REFRESH
    assert claims.expires_at - access.expires_at == pytest.approx(timedelta(days=29).total_seconds(), abs=5)


def test_opens_nothing_else(client: FlaskClient, registered: Any) -> None:
    signed = bearer(registered["refresh_token"])
    for answer in (
        client.get("/v1/lead/me", headers=signed),
        client.post("/v1/conversation", json={}, headers=signed),
        client.get("/v1/user/profile", headers=signed),
        client.post("/v1/auth/refresh", headers=signed),
    ):
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_takes_no_other_token(client: FlaskClient, cast: Cast, registered: Any) -> None:
    for token in (registered["access_token"], cast.alice.token, cast.vera.token, "nonsense"):
        answer = refresh(client, token)
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    answer = client.post(PATH)
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_failed")


@pytest.mark.parametrize(
    ("model", "values", "status"),
    [
        (Lead, {"deleted_at": START}, 401),
        (Lead, {"agent_id": None}, 401),
        (Agent, {"deleted_at": START}, 401),
        (Agent, {"status": "inactive"}, 401),
        (Company, {"deleted_at": START}, 403),
        (Company, {"status": "suspended"}, 403),
    ],
)
def test_dies_with_what_it_is_for(
    client: FlaskClient, database: Session, registered: Any, model: type[Any], values: dict[str, Any], status: int
) -> None:
    ids = {Lead: "id", Agent: "agent_id", Company: "company_id"}
    change(database, model, registered["lead"][ids[model]], **values)
    assert refresh(client, registered["refresh_token"]).status_code == status
