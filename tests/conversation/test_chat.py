"""POST /v1/conversation/<conversation_id>/chat."""

from uuid import UUID, uuid4

import pytest

from app.config import Settings
from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.lead import Lead
from app.models.message import Message
from app.models.turn import Turn
from app.security import tokens
from tests.conversation.conftest import Desk
from tests.rows import all_of, change, count, now_in


def test_stores_the_message_and_its_turn(desk: Desk) -> None:
    queued = desk.ask("When do you open?")
    message = now_in(desk.database, Message, UUID(queued["message_id"]))
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    assert queued["status"] == "queued"
    assert (message.content, message.role, message.sequence) == ("When do you open?", "user", 1)
    assert (turn.message_id, turn.status, turn.sequence, turn.attempt) == (message.id, "queued", 1, 0)


def test_says_where_to_ask_for_the_answer(desk: Desk) -> None:
    queued = desk.ask()
    answer = desk.client.get(queued["poll_url"], headers=desk.cast.vera.headers)
    assert (answer.status_code, answer.json["status"], answer.json["response"]) == (200, "queued", None)


def test_makes_the_title_from_the_first_question(desk: Desk) -> None:
    desk.ask("How long can I return\na helmet? " + "x" * 200)
    desk.ask("And gloves?")
    title = now_in(desk.database, Conversation, desk.conversation_id).title
    assert title is not None
    assert title.startswith("How long can I return a helmet?")
    assert len(title) <= 81


def test_gives_messages_their_places_in_order(desk: Desk) -> None:
    for text in ("one", "two", "three"):
        desk.ask(text)
    found = all_of(desk.database, Message, Message.conversation_id == desk.conversation_id)
    assert [(each.sequence, each.content) for each in found] == [(1, "one"), (2, "two"), (3, "three")]


def test_stores_once_what_is_sent_twice(desk: Desk) -> None:
    headers = {**desk.cast.vera.headers, "Idempotency-Key": "one-message"}
    assert desk.ask(who=headers) == desk.ask(who=headers)
    assert count(desk.database, Turn) == 1


def test_takes_keys_and_users_of_the_company(desk: Desk) -> None:
    for headers in (desk.cast.key(desk.cast.alice, "write"), desk.cast.bob.headers):
        desk.ask(who=headers)
    assert count(desk.database, Message) == 2


def test_refuses_anonymous_calls(desk: Desk) -> None:
    assert _chat(desk, None).status_code == 401


def test_refuses_keys_without_the_scope(desk: Desk) -> None:
    assert _chat(desk, desk.cast.key(desk.cast.alice, "read")).status_code == 403
    narrowed = desk.cast.key(desk.cast.alice, "write", permissions={"agents": ["write"]})
    assert _chat(desk, narrowed).status_code == 403


def test_tells_strangers_nothing(desk: Desk) -> None:
    for headers in (desk.cast.charlie.headers, desk.cast.key(desk.cast.charlie, "write")):
        assert _chat(desk, headers).status_code == 404


def test_tells_other_visitors_nothing(desk: Desk) -> None:
    other = Lead(company_id=desk.cast.acme, first_name="Vito", last_name="Visitor", email="vito@example.com")
    desk.database.add(other)
    desk.database.commit()
    with desk.client.application.app_context():
        headers = {"Authorization": f"Bearer {tokens.issue_lead(other.id)}"}
    assert _chat(desk, headers).status_code == 404


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": " \n"}, {"message": "\u200b\u00a0"}, {"message": 7}])
def test_refuses_bad_messages(desk: Desk, body: dict[str, object]) -> None:
    answer = desk.client.post(_path(desk), json=body, headers=desk.cast.vera.headers)
    assert (answer.status_code, "message" in answer.json["errors"]) == (422, True)


def test_refuses_messages_that_are_too_long(desk: Desk, settings: Settings) -> None:
    body = {"message": "x" * (settings.max_message_characters + 1)}
    assert desk.client.post(_path(desk), json=body, headers=desk.cast.vera.headers).status_code == 422


def test_refuses_more_than_can_be_answered(desk: Desk, settings: Settings) -> None:
    for _ in range(settings.max_queued_turns):
        desk.ask()
    answer = _chat(desk, desk.cast.vera.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_unanswered")
    assert answer.json["detail"].startswith(f"{settings.max_queued_turns} messages ")


def test_refuses_closed_conversations(desk: Desk) -> None:
    change(desk.database, Conversation, desk.conversation_id, status="closed")
    assert _chat(desk, desk.cast.vera.headers).json["code"] == "conversation_closed"


def test_refuses_agents_that_are_switched_off(desk: Desk) -> None:
    change(desk.database, Agent, desk.agent_id, status="inactive")
    assert _chat(desk, desk.cast.vera.headers).json["code"] == "agent_not_active"


def test_finds_no_conversation_that_is_not_there(desk: Desk) -> None:
    answer = desk.client.post(f"/v1/conversation/{uuid4()}/chat", json={"message": "x"}, headers=desk.cast.vera.headers)
    assert answer.status_code == 404


def _path(desk: Desk) -> str:
    return f"/v1/conversation/{desk.conversation_id}/chat"


def _chat(desk: Desk, headers: object):  # type: ignore[no-untyped-def]
    return desk.client.post(_path(desk), json={"message": "Hello?"}, headers=headers)  # type: ignore[arg-type]
