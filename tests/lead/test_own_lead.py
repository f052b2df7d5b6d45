"""GET and PUT /v1/lead/me."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.lead import Lead
from tests.agent.rows import START
from tests.cast import Cast
from tests.rows import audited, change, now_in

PATH = "/v1/lead/me"


def test_shows_ones_own_profile(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Lead, cast.vera.id, notes="Difficult.", source="fair")
    answer = client.get(PATH, headers=cast.vera.headers)
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["email"]) == (str(cast.vera.id), "vera@example.com")
    assert not {"notes", "status", "source"} & set(answer.json)


def test_changes_ones_own_profile(client: FlaskClient, database: Session, cast: Cast, lea: Lead) -> None:
    body = {"first_name": "Veronica", "phone": "+34911234567", "consent_marketing": True}
    answer = client.put(PATH, json=body, headers=cast.vera.headers)
    assert answer.status_code == 200
    assert body.items() <= answer.json.items()
    assert now_in(database, Lead, cast.vera.id).first_name == "Veronica"
    assert now_in(database, Lead, lea.id).first_name == "Lea"
    entry = audited(database, "lead_changed")
    assert (entry.actor_kind, entry.actor_id, entry.company_id) == ("lead", cast.vera.id, cast.acme)


def test_takes_consent_back(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Lead, cast.vera.id, consent_data_processing=True)
    answer = client.put(PATH, json={"consent_data_processing": False}, headers=cast.vera.headers)
    assert (answer.status_code, answer.json["consent_data_processing"]) == (200, False)


def test_turns_a_deleted_visitor_away(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Lead, cast.vera.id, deleted_at=START)
    for method in ("GET", "PUT"):
        answer = client.open(PATH, method=method, json={}, headers=cast.vera.headers)
        assert (answer.status_code, answer.json["code"]) == (401, "session_ended")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_refuses_everybody_but_visitors(client: FlaskClient, cast: Cast, method: str) -> None:
    assert client.open(PATH, method=method, json={}).status_code == 401
    assert client.open(PATH, method=method, json={}, headers=cast.alice.headers).status_code == 403
    assert client.open(PATH, method=method, json={}, headers=cast.key(cast.alice, "admin")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"email": "other@example.com"},
        {"status": "converted"},
        {"notes": "VIP"},
        {"first_name": None},
        {"first_name": "\u202eevil"},
        {"phone": "911"},
        {"id": str(UUID(int=1))},
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.put(PATH, json=body, headers=cast.vera.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
