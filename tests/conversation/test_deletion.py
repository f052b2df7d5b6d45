"""Deleting and restoring conversations and messages."""

import json
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app.extensions import redis_extension
from app.models.conversation import Conversation
from app.models.message import Message
from app.models.turn import Turn, TurnStatus
from app.realtime.frames import stream_key
from app.repositories.turns import Claim
from app.services.deltas import DeltaStream
from tests.conversation.conftest import Desk
from tests.rows import audited, change, count, now_in


@pytest.fixture
def said(desk: Desk) -> dict[str, str]:
    """A question with its answer, and one that waits."""
    first = desk.ask("When do you open?")
    answer = desk.answer(first["task_id"])
    second = desk.ask("And on Sundays?")
    return {
        "question": first["message_id"],
        "answer": str(answer.id),
        "waiting": second["message_id"],
        "turn": second["task_id"],
    }


def test_deletes_a_conversation_with_its_messages(desk: Desk, said: dict[str, str]) -> None:
    assert desk.client.delete(_path(desk), headers=desk.cast.bob.headers).status_code == 204
    assert desk.client.get(_path(desk) + "/messages", headers=desk.cast.vera.headers).status_code == 404
    assert count(desk.database, Message, Message.deleted_at.is_(None)) == 0
    turn = now_in(desk.database, Turn, UUID(said["turn"]))
    assert (turn.status, turn.error_code) == ("failed", "message_deleted")
    assert audited(desk.database, "conversation_deleted").actor_id == desk.cast.bob.id


def test_restores_what_was_deleted_together_and_no_more(desk: Desk, said: dict[str, str]) -> None:
    alice = desk.cast.alice.headers
    desk.client.delete(f"/v1/message/{said['answer']}", headers=alice)
    desk.client.delete(_path(desk), headers=alice)
    assert desk.client.patch(_path(desk) + "/restore", headers=alice).status_code == 200
    assert [each["id"] for each in desk.messages()] == [said["question"], said["waiting"]]


def test_a_restored_conversation_goes_on(desk: Desk, said: dict[str, str]) -> None:
    alice = desk.cast.alice.headers
    desk.client.delete(_path(desk), headers=alice)
    desk.client.patch(_path(desk) + "/restore", headers=alice)
    assert desk.ask("Still there?")["status"] == "queued"


def test_deletes_and_restores_one_message(desk: Desk, said: dict[str, str]) -> None:
    alice, path = desk.cast.alice.headers, f"/v1/message/{said['waiting']}"
    assert desk.client.delete(path, headers=alice).status_code == 204
    assert now_in(desk.database, Turn, UUID(said["turn"])).status == "failed"
    assert said["waiting"] not in [each["id"] for each in desk.messages()]
    listed = desk.client.get("/v1/message/deleted", headers=alice).json["items"]
    assert [each["id"] for each in listed] == [said["waiting"]]
    answer = desk.client.patch(path + "/restore", headers=alice)
    assert (answer.status_code, answer.json["deleted_at"]) == (200, None)
    assert said["waiting"] in [each["id"] for each in desk.messages()]


def begin(claim: Claim) -> None:
    """Says that a worker has begun."""
    stream = DeltaStream(claim)
    stream.announce()
    stream.announce_now()


@pytest.mark.parametrize("path", ["/v1/message/{waiting}", "{conversation}", "{conversation}/messages"])
def test_nothing_more_of_an_answer_that_is_being_given_is_sent(
    desk: Desk, app: Flask, said: dict[str, str], path: str
) -> None:
    change(desk.database, Turn, UUID(said["turn"]), status=TurnStatus.PROCESSING, attempt=1)
    turn = now_in(desk.database, Turn, UUID(said["turn"]))
    spoken = Claim(turn.id, turn.company_id, 1, turn.message_id, turn.conversation_id, turn.agent_id)
    with app.app_context():
        begin(spoken)
    whole = path.format(conversation=_path(desk), **said)
    assert desk.client.delete(whole, headers=desk.cast.alice.headers).status_code in {200, 204}
    with app.app_context():
        begin(spoken)  # refused, as any piece of the answer is
        events = redis_extension.client.xrange(stream_key(turn.conversation_id))
    ((_, fields),) = events
    _, owner, ends, told = fields[b"e"].split(b" ", 3)
    assert (owner.decode(), ends) == (said["turn"], b"!")
    assert (json.loads(told)["status"], json.loads(told)["error"]["code"]) == ("failed", "message_deleted")


def test_deletes_and_restores_all_messages(desk: Desk, said: dict[str, str]) -> None:
    alice = desk.cast.alice.headers
    assert desk.client.delete(_path(desk) + "/messages", headers=alice).status_code == 204
    assert desk.messages() == []
    restored = desk.client.patch(_path(desk) + "/message/restore-all", headers=alice)
    assert restored.json == {"conversation_id": str(desk.conversation_id), "count": 3}
    assert len(desk.messages()) == 3


def test_restores_no_message_into_a_deleted_conversation(desk: Desk, said: dict[str, str]) -> None:
    alice = desk.cast.alice.headers
    desk.client.delete(_path(desk), headers=alice)
    answer = desk.client.patch(f"/v1/message/{said['answer']}/restore", headers=alice)
    assert (answer.status_code, answer.json["code"]) == (409, "conversation_deleted")


def test_restores_only_what_is_deleted(desk: Desk, said: dict[str, str]) -> None:
    for path in (_path(desk) + "/restore", f"/v1/message/{said['answer']}/restore"):
        answer = desk.client.patch(path, headers=desk.cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "not_deleted")


def _calls(
    desk: Desk, said: dict[str, str], conversation: object = None, message: object = None
) -> list[tuple[str, str]]:
    path = f"/v1/conversation/{conversation or desk.conversation_id}"
    one = f"/v1/message/{message or said['answer']}"
    return [
        ("DELETE", path),
        ("PATCH", path + "/restore"),
        ("DELETE", path + "/messages"),
        ("PATCH", path + "/message/restore-all"),
        ("DELETE", one),
        ("PATCH", one + "/restore"),
    ]


def test_refuses_everybody_else(desk: Desk, said: dict[str, str]) -> None:
    for method, path in _calls(desk, said):
        assert desk.client.open(path, method=method).status_code == 401, path
        for headers in (desk.cast.vera.headers, desk.cast.key(desk.cast.alice, "read")):
            assert desk.client.open(path, method=method, headers=headers).status_code == 403, path
        for headers in (desk.cast.charlie.headers, desk.cast.key(desk.cast.charlie, "write")):
            assert desk.client.open(path, method=method, headers=headers).status_code == 404, path
    assert now_in(desk.database, Conversation, desk.conversation_id).deleted_at is None
    assert count(desk.database, Message, Message.deleted_at.is_not(None)) == 0


def test_finds_nothing_that_is_not_there(desk: Desk, said: dict[str, str]) -> None:
    for method, path in _calls(desk, said, uuid4(), uuid4()):
        assert desk.client.open(path, method=method, headers=desk.cast.alice.headers).status_code == 404, path


def test_only_the_team_lists_deleted_messages(desk: Desk) -> None:
    assert desk.client.get("/v1/message/deleted").status_code == 401
    assert desk.client.get("/v1/message/deleted", headers=desk.cast.vera.headers).status_code == 403
    assert desk.client.get("/v1/message/deleted", headers=desk.cast.charlie.headers).json["items"] == []


def _path(desk: Desk) -> str:
    return f"/v1/conversation/{desk.conversation_id}"
