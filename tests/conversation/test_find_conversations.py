"""GET /v1/conversation, /v1/conversation/entity and /v1/conversation/deleted."""

import pytest

from app.models.agent import Agent
from tests.conversation.conftest import Desk, add_conversation

LIST, OWN, DELETED = "/v1/conversation", "/v1/conversation/entity", "/v1/conversation/deleted"


def _ids(desk: Desk, path: str, headers: object) -> list[str]:
    answer = desk.client.get(path, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.json
    assert answer.json["pagination"]["total"] == len(answer.json["items"])
    return [each["id"] for each in answer.json["items"]]


@pytest.fixture
def bobs(desk: Desk) -> str:
    """A conversation that Bob opened."""
    agent = desk.database.get(Agent, desk.agent_id)
    assert agent is not None
    conversation = add_conversation(desk.database, agent, user_id=desk.cast.bob.id, title="Bob tries it")
    desk.database.commit()
    return str(conversation.id)


def test_the_team_sees_all_of_them_the_newest_first(desk: Desk, bobs: str) -> None:
    for headers in (desk.cast.sam.headers, desk.cast.key(desk.cast.alice, "read")):
        assert _ids(desk, LIST, headers) == [bobs, str(desk.conversation_id)]


def test_a_new_message_brings_one_to_the_top(desk: Desk, bobs: str) -> None:
    desk.ask()
    assert _ids(desk, LIST, desk.cast.alice.headers) == [str(desk.conversation_id), bobs]


def test_filters(desk: Desk, bobs: str) -> None:
    alice = desk.cast.alice.headers
    assert _ids(desk, f"{LIST}?lead_id={desk.cast.vera.id}", alice) == [str(desk.conversation_id)]
    assert _ids(desk, f"{LIST}?search=TRIES", alice) == [bobs]
    assert _ids(desk, f"{LIST}?search=%25", alice) == []
    assert _ids(desk, f"{LIST}?status=closed", alice) == []
    assert _ids(desk, f"{LIST}?agent_id={desk.strange_agent_id}", alice) == []


def test_everybody_sees_their_own(desk: Desk, bobs: str) -> None:
    assert _ids(desk, OWN, desk.cast.vera.headers) == [str(desk.conversation_id)]
    assert _ids(desk, OWN, desk.cast.bob.headers) == [bobs]
    assert _ids(desk, OWN, desk.cast.key(desk.cast.bob, "read")) == [bobs]
    assert _ids(desk, OWN, desk.cast.alice.headers) == []


def test_strangers_see_none(desk: Desk, bobs: str) -> None:
    for path in (LIST, OWN, DELETED):
        assert _ids(desk, path, desk.cast.charlie.headers) == []


def test_deleted_ones_are_listed_apart(desk: Desk, bobs: str) -> None:
    desk.client.delete(f"/v1/conversation/{bobs}", headers=desk.cast.alice.headers)
    assert _ids(desk, DELETED, desk.cast.alice.headers) == [bobs]
    assert _ids(desk, LIST, desk.cast.alice.headers) == [str(desk.conversation_id)]
    assert _ids(desk, OWN, desk.cast.bob.headers) == []


@pytest.mark.parametrize("path", [LIST, OWN, DELETED])
def test_refuses_anonymous_calls_and_narrowed_keys(desk: Desk, path: str) -> None:
    narrowed = desk.cast.key(desk.cast.alice, "write", permissions={"leads": ["write"]})
    assert desk.client.get(path).status_code == 401
    assert desk.client.get(path, headers=narrowed).status_code == 403


@pytest.mark.parametrize("path", [LIST, DELETED])
def test_is_not_for_visitors(desk: Desk, path: str) -> None:
    assert desk.client.get(path, headers=desk.cast.vera.headers).status_code == 403


@pytest.mark.parametrize("query", ["page=0", "per_page=101", "status=odd", "agent_id=x"])
def test_refuses_bad_queries(desk: Desk, query: str) -> None:
    assert desk.client.get(f"{LIST}?{query}", headers=desk.cast.alice.headers).status_code == 422
