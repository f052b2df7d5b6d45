"""POST /v1/lead/register, which anybody may call."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.company import Company
from app.models.lead import Lead
from tests.agent.rows import START, add_agent
from tests.cast import Cast
from tests.rows import change, count, now_in

PATH = "/v1/lead/register"


def _body(agent: Agent, **changes: Any) -> dict[str, Any]:
    person = {"first_name": "Vera", "last_name": "Visitor", "email": "vera@example.com"}
    return {"agent_id": str(agent.id), **person, **changes}


def test_registers_a_visitor(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    consents = {"consent_marketing": True, "consent_data_processing": True}
    body = _body(ronda, first_name="  Vera ", phone="+34 911 234 567", notes="Line 1\nLine 2", **consents)
    answer = client.post(PATH, json=body)
    assert answer.status_code == 201
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 24 * 3600)
    shown = {**body, "first_name": "Vera", "phone": "+34911234567"}
    del shown["notes"]
    assert shown.items() <= answer.json["lead"].items()
    assert not {"notes", "status", "source"} & set(answer.json["lead"])
    lead = now_in(database, Lead, UUID(answer.json["lead"]["id"]))
    assert (lead.company_id, lead.agent_id, lead.status) == (cast.acme, ronda.id, "new")
    assert (lead.source, lead.notes) == ("widget", "Line 1\nLine 2")


def test_gives_a_token_for_the_own_profile_alone(client: FlaskClient, cast: Cast, ronda: Agent) -> None:
    answer = client.post(PATH, json=_body(ronda))
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get(answer.headers["Location"], headers=headers).json == answer.json["lead"]
    assert client.get("/v1/lead/company", headers=headers).status_code == 403


def test_makes_a_new_lead_every_time(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    """Who types somebody's e-mail gets none of their conversations."""
    first, second = (client.post(PATH, json=_body(ronda, email=cast.vera.email)) for _ in range(2))
    assert len({first.json["lead"]["id"], second.json["lead"]["id"], str(cast.vera.id)}) == 3
    assert count(database, Lead) == 3


def test_makes_one_lead_for_one_idempotency_key(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    first, second = (client.post(PATH, json=_body(ronda), headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.json == second.json
    assert count(database, Lead) == 2  # with Vera


def test_goes_without_saying_anything_of_consent(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    answer = client.post(PATH, json=_body(ronda, source="landing page"))
    assert answer.status_code == 201
    lead = now_in(database, Lead, UUID(answer.json["lead"]["id"]))
    assert (lead.consent_data_processing, lead.consent_marketing) == (False, False)
    assert lead.source == "landing page"


def test_stores_nothing_without_consent(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    answer = client.post(PATH, json=_body(ronda, consent_data_processing=False))
    assert (answer.status_code, answer.json["code"]) == (422, "consent_required")
    assert "can't be stored" in answer.json["errors"]["consent_data_processing"][0]
    assert count(database, Lead) == 1


@pytest.mark.parametrize("values", [{"status": "inactive"}, {"deleted_at": START}])
def test_knows_no_agent_that_takes_no_visitors(
    client: FlaskClient, database: Session, ronda: Agent, values: dict[str, Any]
) -> None:
    unknown = client.post(PATH, json=_body(ronda, agent_id=str(uuid4())))
    change(database, Agent, ronda.id, **values)
    answer = client.post(PATH, json=_body(ronda))
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.json["detail"] == unknown.json["detail"]


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"deleted_at": START}])
def test_knows_no_agent_of_a_closed_company(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, values: dict[str, Any]
) -> None:
    change(database, Company, cast.acme, **values)
    assert client.post(PATH, json=_body(ronda)).status_code == 404


def test_takes_the_company_from_the_agent(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    assert client.post(PATH, json=_body(ronda, company_id=str(cast.acme))).status_code == 422
    foreign = add_agent(database, cast.globex)
    answer = client.post(f"{PATH}?company_id={cast.acme}", json=_body(foreign), headers=cast.alice.headers)
    assert answer.json["lead"]["company_id"] == str(cast.globex)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agent_id", "7"),
        ("agent_id", None),
        ("first_name", "   "),
        ("first_name", "Ve\nra"),
        ("first_name", "x" * 101),
        ("last_name", "\u202eevil"),
        ("last_name", "\u2066evil"),
        ("email", "vera"),
        ("phone", "911"),
        ("notes", "x" * 5001),
        ("notes", "\u0007"),
        ("consent_marketing", "perhaps"),
        ("status", "converted"),
        ("password", "secret"),
    ],
)
def test_refuses_bad_input(client: FlaskClient, ronda: Agent, field: str, value: Any) -> None:
    answer = client.post(PATH, json=_body(ronda, **{field: value}))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize("field", ["agent_id", "first_name", "last_name", "email"])
def test_refuses_a_visitor_without(client: FlaskClient, ronda: Agent, field: str) -> None:
    body = _body(ronda)
    del body[field]
    answer = client.post(PATH, json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
