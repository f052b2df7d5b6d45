"""Listening to conversations: who may, and what they get."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.models.api_key import ApiKey
from app.models.conversation import Conversation
from app.models.lead import Lead
from app.realtime.events import Handover, Typing
from app.security import tokens
from tests.rows import change
from tests.sockets.conftest import Connect, Scene, key_of

pytestmark = pytest.mark.slow  # a web process is started for each mode

both_transports = pytest.mark.parametrize("transport", ["websocket", "polling"])


@both_transports
def test_a_turn_as_it_happens(connect: Connect, scene: Scene, transport: str) -> None:
    client = connect(scene.vera, transport)
    joined = client.join(scene.conversation_id)
    assert (joined["ok"], joined["conversation_id"]) == (True, str(scene.conversation_id))
    ids = [*scene.turn.status("queued"), *scene.turn.say("Hello "), *scene.turn.say("Vera"), *scene.turn.finish()]
    client.until("chat_status", 2)
    assert client.names == ["chat_status.queued", "chat_delta", "chat_delta", "chat_status.completed"]
    assert client.ids == ids
    delta = client.events[2].payload
    assert (delta["text"], delta["sequence"], delta["event"]) == ("Vera", 2, "chat_delta")
    assert (delta["conversation_id"], delta["task_id"]) == (str(scene.conversation_id), str(scene.turn.id))
    assert ids[0].partition("-")[0] == joined["last_event_id"].partition("-")[0]


@both_transports
def test_what_was_missed_comes_first(connect: Connect, scene: Scene, transport: str) -> None:
    client = connect(scene.vera, transport)
    ids = scene.turn.status("queued")
    for _ in range(40):
        ids += scene.turn.say()
    joined = client.join(scene.conversation_id, since=ids[4])
    assert joined["last_event_id"] == ids[4]
    for _ in range(20):
        ids += scene.turn.say()
    ids += scene.turn.finish()
    client.until("chat_status")
    assert client.ids == ids[5:]


def test_both_transports_carry_the_same(connect: Connect, scene: Scene) -> None:
    clients = [connect(scene.vera), connect(scene.alice, "polling")]
    for client in clients:
        client.join(scene.conversation_id)
    for _ in range(30):
        scene.turn.say()
    scene.turn.finish()
    assert clients[0].until("chat_status").events == clients[1].until("chat_status").events


def test_who_joins_just_after_asking_misses_nothing(connect: Connect, scene: Scene) -> None:
    scene.turn.status("queued")
    scene.turn.say()
    client = connect(scene.vera)
    client.join(scene.conversation_id)
    scene.turn.finish()
    client.until("chat_status", 2)
    assert client.names == ["chat_status.queued", "chat_delta", "chat_status.completed"]


@pytest.mark.parametrize("strange", ["x", "1-1", "9" * 50])
def test_an_id_that_nobody_knows_leads_to_a_resync(connect: Connect, scene: Scene, strange: str) -> None:
    scene.turn.finish()
    client = connect(scene.vera)
    assert client.join(scene.conversation_id, since=strange)["ok"]
    assert client.until("resync").names == ["resync"]
    assert client.events[0].payload["conversation_id"] == str(scene.conversation_id)


def test_joining_again_begins_where_one_says(connect: Connect, scene: Scene) -> None:
    client = connect(scene.vera)
    client.join(scene.conversation_id)
    ids = scene.turn.status("queued") + scene.turn.say()
    client.until("chat_delta")
    client.join(scene.conversation_id, since=ids[0])
    client.until("chat_delta", 2)
    ids += scene.turn.finish()
    client.until("chat_status", 2)
    assert client.ids == [ids[0], ids[1], ids[1], ids[2]]


def test_typing_and_handover_are_told(connect: Connect, scene: Scene) -> None:
    client = connect(scene.vera)
    client.join(scene.conversation_id)
    events = [
        Typing(conversation_id=scene.conversation_id, who="supporter", active=True, display_name="Dana"),
        Handover(conversation_id=scene.conversation_id, status="joined", display_name="Dana"),
    ]
    scene.turn.publisher.publish(scene.conversation_id, events)
    client.until("handover")
    assert client.names == ["typing", "handover"]
    assert client.events[1].payload["status"] == "joined"


def test_leaving(connect: Connect, scene: Scene) -> None:
    client = connect(scene.vera)
    client.join(scene.conversation_id)
    said = {"conversation_id": str(scene.conversation_id)}
    assert client.ask("leave_conversation", said) == {"ok": True, **said}
    assert client.ask("leave_conversation", said)["ok"]
    scene.turn.finish()
    assert client.listen(0.3).events == []


@pytest.mark.parametrize("who", ["alice", "bob", "sam"])
def test_the_team_may_listen_to_all_conversations(connect: Connect, scene: Scene, who: str) -> None:
    client = connect({"token": getattr(scene.cast, who).token})
    assert client.join(scene.conversation_id)["ok"]
    assert client.join(scene.other_id)["ok"]


def test_a_super_admin_names_the_company(connect: Connect, scene: Scene) -> None:
    root = scene.cast.root.token
    assert connect({"token": root}).join(scene.conversation_id)["error"]["code"] == "company_required"
    assert connect({"token": root, "company_id": str(scene.cast.acme)}).join(scene.conversation_id)["ok"]
    elsewhere = connect({"token": root, "company_id": str(scene.cast.globex)})
    assert elsewhere.join(scene.conversation_id)["error"]["code"] == "resource_not_found"


def test_a_key_may_listen(connect: Connect, scene: Scene) -> None:
    key = scene.cast.key(scene.cast.alice, "read", permissions={"conversations": ["read"]})
    assert connect(key_of(key)).join(scene.conversation_id)["ok"]


def test_a_stranger_may_not(connect: Connect, scene: Scene) -> None:
    for auth in ({"token": scene.cast.charlie.token}, key_of(scene.cast.key(scene.cast.charlie, "admin"))):
        client = connect(auth)
        joined = client.join(scene.conversation_id)
        assert (joined["ok"], joined["error"]["code"]) == (False, "resource_not_found")
        scene.turn.say()
        assert client.listen(0.2).events == []


def test_nobody_can_name_another_company(connect: Connect, scene: Scene) -> None:
    client = connect({"token": scene.cast.charlie.token, "company_id": str(scene.cast.acme)})
    assert client.refusal["data"]["code"] == "resource_not_found"


def test_another_visitor_may_not(app: Flask, connect: Connect, scene: Scene) -> None:
    other = Lead(company_id=scene.cast.acme, first_name="Otto", last_name="Other", email="otto@example.com")
    scene.cast.database.add(other)
    scene.cast.database.commit()
    with app.app_context():
        token = tokens.issue_lead(other.id)
    client = connect({"token": token})
    assert client.join(scene.conversation_id)["error"]["code"] == "resource_not_found"
    assert connect(scene.vera).join(scene.other_id)["error"]["code"] == "resource_not_found"


def test_a_deleted_conversation_is_none(connect: Connect, scene: Scene) -> None:
    change(scene.cast.database, Conversation, scene.conversation_id, deleted_at=datetime.now(UTC))
    assert connect(scene.vera).join(scene.conversation_id)["error"]["code"] == "resource_not_found"


def test_a_key_that_was_revoked_meanwhile_may_not_join(connect: Connect, scene: Scene) -> None:
    client = connect(key_of(scene.cast.key(scene.cast.alice, "read")))
    _revoke_all(scene)
    assert client.join(scene.conversation_id)["error"]["code"] == "api_key_revoked"


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["x"],
        [{}],
        [{"conversation_id": "x"}],
        [{"conversation_id": 7}],
        [{"conversation_id": None}],
        [{"conversation_id": str(uuid4()), "since": 7}],
        [{"conversation_id": str(uuid4())}, "more"],
    ],
)
def test_nonsense_is_refused(connect: Connect, scene: Scene, said: list[Any]) -> None:
    client = connect(scene.vera)
    answer = client.ask("join_conversation", *said)
    assert (answer["ok"], answer["error"]["code"]) == (False, "validation_error")
    assert client.join(scene.conversation_id)["ok"]


def test_a_key_revoked_while_it_listens_is_disconnected(connect: Connect, scene: Scene) -> None:
    client = connect(key_of(scene.cast.key(scene.cast.alice, "read")))
    client.join(scene.conversation_id)
    scene.turn.say()
    client.until("chat_delta")
    _revoke_all(scene)
    scene.turn.publisher.recheck(scene.conversation_id)  # otherwise within a minute
    client.until_closed()
    assert client.names == ["chat_delta", "end"]
    assert client.events[-1].payload["code"] == "api_key_revoked"


def test_a_conversation_deleted_while_somebody_listens_is_left(connect: Connect, scene: Scene) -> None:
    client = connect(scene.alice)
    client.join(scene.conversation_id)
    client.join(scene.other_id)
    scene.turn.say()
    client.until("chat_delta")
    change(scene.cast.database, Conversation, scene.conversation_id, deleted_at=datetime.now(UTC))
    scene.turn.publisher.recheck(scene.conversation_id)
    end = client.until("end").events[-1].payload
    assert (end["conversation_id"], end["code"]) == (str(scene.conversation_id), "resource_not_found")
    scene.turn.say()
    typing = Typing(conversation_id=scene.other_id, who="agent", active=True)
    scene.turn.publisher.publish(scene.other_id, [typing])
    client.until("typing")
    assert client.names == ["chat_delta", "end", "typing"]


def test_a_connection_listens_to_so_many_conversations(connect: Connect, scene: Scene) -> None:
    new = [
        Conversation(
            company_id=scene.cast.acme,
            agent_id=scene.cast.database.get(Conversation, scene.other_id).agent_id,
            max_context_length=4000,
        )
        for _ in range(50)
    ]
    scene.cast.database.add_all(new)
    scene.cast.database.commit()
    client = connect(scene.alice)
    assert all(client.join(each.id)["ok"] for each in new)
    assert client.join(scene.conversation_id)["error"]["code"] == "too_many_rooms"
    assert client.join(new[0].id)["ok"]
    client.ask("leave_conversation", {"conversation_id": str(new[1].id)})
    assert client.join(scene.conversation_id)["ok"]


def test_a_slow_client_gets_everything(connect: Connect, scene: Scene) -> None:
    client = connect(scene.vera)
    client.join(scene.conversation_id)
    ids = [id for _ in range(1500) for id in scene.turn.say("x" * 3000)] + scene.turn.finish()
    client.until("chat_status")
    assert client.ids == ids


def _revoke_all(scene: Scene) -> None:
    scene.cast.database.query(ApiKey).update({"revoked_at": datetime.now(UTC)})
    scene.cast.database.commit()
