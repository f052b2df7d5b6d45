"""POST /v1/lead."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.lead import Lead
from tests.agent.rows import START, add_agent
from tests.cast import Cast
from tests.rows import audited, change, now_in

PATH = "/v1/lead"
PERSON = {"first_name": "Nora", "last_name": "Newcomer", "email": "nora@example.com"}


def test_adds_a_lead(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    body = {**PERSON, "agent_id": str(ronda.id), "source": "fair", "notes": "Wants tandems.", "phone": "+34911234567"}
    answer = client.post(PATH, json=body, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 201
    assert {**body, "status": "new", "consent_marketing": False}.items() <= answer.json.items()
    assert now_in(database, Lead, UUID(answer.json["id"])).company_id == cast.acme
    assert client.get(answer.headers["Location"], headers=cast.bob.headers).json == answer.json
    assert audited(database, "lead_created").after["email"] == "nora@example.com"


def test_needs_no_agent_and_no_consent(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={**PERSON, "consent_data_processing": False}, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["agent_id"], answer.json["source"]) == (201, None, None)


def test_adds_it_to_the_company_that_a_super_admin_names(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(f"{PATH}?company_id={cast.globex}", json=PERSON, headers=cast.root.headers)
    assert (answer.status_code, answer.json["company_id"]) == (201, str(cast.globex))


def test_refuses_an_agent_that_is_not_the_companys(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    change(database, Agent, ronda.id, deleted_at=START)
    for agent_id in (ronda.id, add_agent(database, cast.globex).id, uuid4()):
        answer = client.post(PATH, json={**PERSON, "agent_id": str(agent_id)}, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["agent_id"])


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json=PERSON).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast) -> None:
    narrowed = cast.key(cast.alice, "write", permissions={"agents": ["write"]})
    for headers in (cast.key(cast.alice, "read"), narrowed, cast.vera.headers):
        assert client.post(PATH, json=PERSON, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(f"{PATH}?company_id={cast.globex}", json=PERSON, headers=cast.alice.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ""),
        ("last_name", "\u200f\u202e"),
        ("email", "nora@"),
        ("phone", "5"),
        ("source", "x" * 101),
        ("status", "converted"),
        ("company_id", "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, field: str, value: Any) -> None:
    answer = client.post(PATH, json={**PERSON, field: value}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
