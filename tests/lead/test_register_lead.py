"""POST /v1/lead/register, which anybody may call."""

from collections.abc import Callable
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
        ("first_name", "\u200b\u2060"),
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


def test_keeps_what_they_were_asked_and_what_they_said(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent
) -> None:
    said = {"consent_data_processing": True, "consent_marketing": False, "consent_version": "2026-11"}
    answer = client.post(PATH, json=_body(ronda, **said, language="ES-mx"))
    lead = now_in(database, Lead, UUID(answer.json["lead"]["id"]))
    kept = {(each["kind"], each["granted"], each["version"], each["language"]) for each in lead.consents}
    assert kept == {("data_processing", True, "2026-11", "es-MX"), ("marketing", False, "2026-11", "es-MX")}
    assert "consents" not in answer.json["lead"]
    team = client.get(f"/v1/lead/{lead.id}", headers=cast.bob.headers).json
    assert (team["consents"], team["language"], team["external_id"]) == (lead.consents, "es-MX", None)
    assert all(each["at"].endswith("Z") for each in team["consents"])


def test_keeps_nothing_that_was_not_asked(client: FlaskClient, database: Session, ronda: Agent) -> None:
    answer = client.post(PATH, json=_body(ronda))
    assert now_in(database, Lead, UUID(answer.json["lead"]["id"])).consents == []


def test_a_consent_taken_back_is_added_to_what_was_said(client: FlaskClient, database: Session, ronda: Agent) -> None:
    answer = client.post(PATH, json=_body(ronda, consent_marketing=True, consent_version="1"))
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    for granted in (False, False):
        client.put("/v1/lead/me", json={"consent_marketing": granted, "first_name": "Vero"}, headers=headers)
    lead = now_in(database, Lead, UUID(answer.json["lead"]["id"]))
    assert [(each["granted"], each["version"]) for each in lead.consents] == [(True, "1"), (False, None)]
    assert lead.consent_marketing is False


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://acme.example/bikes?token=secret#x", "https://acme.example/bikes"),
        ("http://user:password@acme.example:8080/a", "http://acme.example:8080/a"),
        ("null/test", None),
        ("file:///home/vera/page.html", None),
        ("javascript:alert(1)", None),
        ("https://[", None),
        ("https://acme.example/\u202ex", None),
    ],
)
def test_keeps_the_page_without_its_query(
    client: FlaskClient, database: Session, ronda: Agent, page: str, kept: str | None
) -> None:
    answer = client.post(PATH, json=_body(ronda, page=page))
    assert answer.status_code == 201
    assert now_in(database, Lead, UUID(answer.json["lead"]["id"])).page == kept


@pytest.mark.parametrize(
    ("field", "value"), [("language", "spanish!"), ("page", "x" * 2001), ("consent_version", "x" * 51)]
)
def test_refuses_bad_circumstances(client: FlaskClient, ronda: Agent, field: str, value: str) -> None:
    answer = client.post(PATH, json=_body(ronda, **{field: value}))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://acme.example", 201),
        ("https://www.acme.example", 201),
        ("https://frontdesk.test", 201),  # ours, by PUBLIC_URL
        ("http://localhost", 201),  # ours, by what the caller calls us
        (None, 403),
        ("null", 403),
        ("https://evil.example", 403),
        ("https://acme.example.evil.example", 403),
        ("https://evil-acme.example", 403),
        ("http://acme.example", 403),
        ("https://acme.example:8443", 403),
    ],
)
def test_is_for_the_allowed_sites_alone(
    client: FlaskClient, database: Session, ronda: Agent, origin: str | None, status: int
) -> None:
    change(database, Agent, ronda.id, widget_config={"allowed_domains": ["acme.example", "*.acme.example"]})
    before = count(database, Lead)
    answer = client.post(PATH, json=_body(ronda), headers={"Origin": origin} if origin else {})
    assert answer.status_code == status
    if status == 403:
        assert answer.json["code"] == "origin_not_allowed"
        assert count(database, Lead) == before


def test_asks_nobody_where_they_come_from_without_domains(client: FlaskClient, ronda: Agent) -> None:
    assert client.post(PATH, json=_body(ronda), headers={"Origin": "https://evil.example"}).status_code == 201


def test_is_counted_by_address_and_agent(
    client: FlaskClient, database: Session, cast: Cast, ronda: Agent, with_settings: Callable[..., None]
) -> None:
    """A busy site must not keep its visitors from another one, and made-up agents end soon."""
    with_settings(rate_limit_visitors=2)
    other = add_agent(database, cast.globex)
    statuses = [client.post(PATH, json=_body(agent)).status_code for agent in (ronda, ronda, ronda, other)]
    assert statuses == [201, 201, 429, 201]
    made_up = [client.post(PATH, json=_body(ronda, agent_id=str(uuid4()))).status_code for _ in range(8)]
    assert made_up == [404] * 6 + [429] * 2
    assert client.get(f"/v1/agent/{other.id}").status_code == 429
