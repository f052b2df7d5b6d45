"""POST /v1/conversation."""

from uuid import UUID, uuid4

import pytest

from app.config import Settings
from app.models.agent import Agent
from app.models.conversation import Conversation
from tests.conversation.conftest import Desk
from tests.rows import change, now_in

PATH = "/v1/conversation"


def test_opens_a_conversation_for_a_visitor(desk: Desk, settings: Settings) -> None:
    body = {"agent_id": str(desk.agent_id), "title": "Helmets", "metadata": {"page": "/returns"}}
    answer = desk.client.post(PATH, json=body, headers=desk.cast.vera.headers)
    stored = now_in(desk.database, Conversation, UUID(answer.json["id"]))
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/v1/conversation/{stored.id}/messages")
    assert (stored.lead_id, stored.user_id, stored.company_id) == (desk.cast.vera.id, None, desk.cast.acme)
    assert (stored.title, stored.details, stored.max_context_length) == (
        "Helmets",
        {"page": "/returns"},
        settings.context_length,
    )


def test_opens_one_for_a_user_and_for_a_lead_that_a_key_names(desk: Desk) -> None:
    own = desk.client.post(PATH, json={"agent_id": str(desk.agent_id)}, headers=desk.cast.bob.headers)
    key = desk.cast.key(desk.cast.alice, "write")
    body = {"agent_id": str(desk.agent_id), "lead_id": str(desk.cast.vera.id)}
    for_vera = desk.client.post(PATH, json=body, headers=key)
    assert (own.json["user_id"], own.json["lead_id"]) == (str(desk.cast.bob.id), None)
    assert (for_vera.json["user_id"], for_vera.json["lead_id"]) == (str(desk.cast.alice.id), str(desk.cast.vera.id))


def test_refuses_anonymous_calls(desk: Desk) -> None:
    assert desk.client.post(PATH, json={"agent_id": str(desk.agent_id)}).status_code == 401


def test_refuses_keys_without_the_scope(desk: Desk) -> None:
    headers = desk.cast.key(desk.cast.alice, "read")
    assert desk.client.post(PATH, json={"agent_id": str(desk.agent_id)}, headers=headers).status_code == 403


def test_knows_no_agents_of_other_companies(desk: Desk) -> None:
    for headers in (desk.cast.vera.headers, desk.cast.bob.headers, desk.cast.key(desk.cast.alice, "write")):
        answer = desk.client.post(PATH, json={"agent_id": str(desk.strange_agent_id)}, headers=headers)
        assert answer.status_code == 404


def test_lets_no_visitor_open_one_for_another(desk: Desk) -> None:
    body = {"agent_id": str(desk.agent_id), "lead_id": str(uuid4())}
    assert desk.client.post(PATH, json=body, headers=desk.cast.vera.headers).status_code == 404


def test_knows_no_leads_of_other_companies(desk: Desk) -> None:
    body = {"agent_id": str(desk.strange_agent_id), "lead_id": str(desk.cast.vera.id)}
    assert desk.client.post(PATH, json=body, headers=desk.cast.charlie.headers).status_code == 404


def test_refuses_agents_that_are_switched_off(desk: Desk) -> None:
    change(desk.database, Agent, desk.agent_id, status="inactive")
    answer = desk.client.post(PATH, json={"agent_id": str(desk.agent_id)}, headers=desk.cast.vera.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "agent_not_active")


@pytest.mark.parametrize(
    "extra",
    [
        {"agent_id": "x"},
        {"agent_id": None},
        {"max_context_length": 1},
        {"max_context_length": 10_000_000},
        {"metadata": {"x": "y" * 20_000}},
        {"metadata": []},
        {"title": ""},
        {"unknown": 1},
    ],
)
def test_refuses_bad_values(desk: Desk, extra: dict[str, object]) -> None:
    body = {"agent_id": str(desk.agent_id), **extra}
    answer = desk.client.post(PATH, json=body, headers=desk.cast.vera.headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, set(extra))
