"""POST /v1/agent."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.agent.rows import add_agent, add_settings
from tests.cast import Cast
from tests.rows import audited, count, now_in

PATH = "/v1/agent"
HOURS = {"timezone": "Europe/Madrid", "days": {"mon": [["09:00", "13:00"], ["15:00", "24:00"]], "tue": []}}
EVERYTHING = {
    "name": "Ronda",
    "description": "Answers about rentals",
    "avatar_url": "https://acme.example/ronda.png",
    "greeting": "Hi!",
    "instructions": "Be brief.",
    "personality_traits": ["friendly"],
    "capabilities": ["product questions"],
    "operating_hours": HOURS,
    "languages": ["en", "pt-BR", "zh-Hans-CN"],
    "status": "inactive",
}


def test_adds_an_agent(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json=EVERYTHING, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 201
    assert EVERYTHING.items() <= answer.json.items()
    agent = now_in(database, Agent, UUID(answer.json["id"]))
    assert agent.company_id == cast.acme
    assert answer.headers["Location"] == f"/v1/agent/{agent.id}"
    assert audited(database, "agent_created").after["name"] == "Ronda"


def test_needs_a_name_alone(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={"name": "Ronda"}, headers=cast.bob.headers)
    assert answer.status_code == 201
    assert (answer.json["status"], answer.json["operating_hours"], answer.json["languages"]) == ("active", {}, [])
    assert client.get(answer.headers["Location"]).status_code == 200


def test_takes_settings_of_the_company(client: FlaskClient, database: Session, cast: Cast) -> None:
    chosen = str(add_settings(database, cast.acme).id)
    answer = client.post(PATH, json={"name": "Ronda", "llm_settings_id": chosen}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["llm_settings_id"]) == (201, chosen)


def test_refuses_settings_of_another_company_or_agent(client: FlaskClient, database: Session, cast: Cast) -> None:
    other = add_agent(database, cast.acme)
    foreign, owned = add_settings(database, cast.globex), add_settings(database, cast.acme, agent_id=other.id)
    for settings_id in (foreign.id, owned.id, uuid4()):
        body = {"name": "Ronda", "llm_settings_id": str(settings_id)}
        answer = client.post(PATH, json=body, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_settings_id"])
    assert count(database, Agent) == 1


def test_adds_it_to_the_company_that_a_super_admin_names(client: FlaskClient, cast: Cast) -> None:
    unnamed = client.post(PATH, json={"name": "Ronda"}, headers=cast.root.headers)
    assert (unnamed.status_code, unnamed.json["code"]) == (422, "company_required")
    named = client.post(f"{PATH}?company_id={cast.globex}", json={"name": "Ronda"}, headers=cast.root.headers)
    assert (named.status_code, named.json["company_id"]) == (201, str(cast.globex))


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.post(PATH, json=EVERYTHING).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast) -> None:
    narrowed = cast.key(cast.alice, "write", permissions={"leads": ["write"]})
    for headers in (cast.key(cast.alice, "read"), narrowed, cast.vera.headers):
        assert client.post(PATH, json=EVERYTHING, headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(f"{PATH}?company_id={cast.globex}", json=EVERYTHING, headers=cast.alice.headers)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("name", "\u200b"),
        ("name", "x" * 201),
        ("name", None),
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "ftp://acme.example/a.png"),
        ("llm_settings_id", "7"),
        ("personality_traits", ["x" * 61]),
        ("personality_traits", ["x"] * 21),
        ("capabilities", "everything"),
        ("languages", ["english"]),
        ("languages", ["e"]),
        ("status", "busy"),
        ("instructions", "x" * 8001),
        ("company_id", "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"),
        ("operating_hours", None),
        ("operating_hours", {"timezone": "Europe/Madrid"}),
        ("operating_hours", {"days": {"mon": [["09:00", "18:00"]]}}),
        ("operating_hours", {"timezone": "Mars/Base", "days": {"mon": [["09:00", "18:00"]]}}),
        ("operating_hours", {"timezone": "UTC", "days": {}}),
        ("operating_hours", {"timezone": "UTC", "days": {"monday": []}}),
        ("operating_hours", {"timezone": "UTC", "days": {"mon": [["18:00", "09:00"]]}}),
        ("operating_hours", {"timezone": "UTC", "days": {"mon": [["9:00", "18:00"]]}}),
        ("operating_hours", {"timezone": "UTC", "days": {"mon": [["09:00"]]}}),
        ("operating_hours", {"timezone": "UTC", "days": {"mon": [["09:00", "12:00"], ["11:59", "13:00"]]}}),
        ("operating_hours", {"timezone": "UTC", "days": {"mon": [["25:00", "26:00"]]}}),
    ],
)
def test_refuses_bad_input(client: FlaskClient, cast: Cast, field: str, value: Any) -> None:
    answer = client.post(PATH, json={**EVERYTHING, field: value}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_refuses_an_agent_without_a_name(client: FlaskClient, cast: Cast) -> None:
    assert list(client.post(PATH, json={}, headers=cast.alice.headers).json["errors"]) == ["name"]
