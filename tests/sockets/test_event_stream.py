"""The event stream of a conversation, through the real web server."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.models.conversation import Conversation
from app.models.user_session import UserSession
from tests.cast import Headers
from tests.realtime.conftest import wait_until
from tests.rows import change
from tests.sockets.conftest import Connect, Scene, Server
from tests.sockets.streams import StreamClient

pytestmark = pytest.mark.slow  # a web process is started for each mode


def test_the_head(server: Server, scene: Scene) -> None:
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        assert stream.answer.status == 200
        headers = stream.answer.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Length" not in headers


def test_a_turn_as_it_happens(server: Server, scene: Scene) -> None:
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        ids = scene.turn.status("queued")
        stream.until("queued")  # each event comes at once, though the stream goes on
        ids += scene.turn.say("Hello")
        stream.until("chat_delta")
        ids += scene.turn.finish()
        stream.until("completed")
    assert stream.ids == ids
    assert stream.events[-1].payload["status"] == "completed"


def test_resumes(server: Server, scene: Scene) -> None:
    ids = scene.turn.status("queued")
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        stream.until("queued")
    ids += scene.turn.say() + scene.turn.finish()
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers, stream.last) as stream:
        assert stream.until("completed").ids == ids[1:]


def test_both_ways_carry_the_same(server: Server, connect: Connect, scene: Scene) -> None:
    client = connect(scene.alice)
    client.join(scene.conversation_id)
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        for _ in range(10):
            scene.turn.say()
        scene.turn.finish()
        stream.until("completed")
    client.until("chat_status")
    assert client.ids == stream.ids
    assert [{**each.payload, "id": each.id} for each in stream.events if each.name] == [
        each.payload for each in client.events
    ]


@pytest.mark.parametrize("who", ["alice", "bob", "sam", "vera"])
def test_who_may(server: Server, scene: Scene, who: str) -> None:
    with StreamClient(server, scene.conversation_id, getattr(scene.cast, who).headers) as stream:
        assert stream.answer.status == 200


def test_a_key_may(server: Server, scene: Scene) -> None:
    key = scene.cast.key(scene.cast.alice, "read", permissions={"conversations": ["read"]})
    with StreamClient(server, scene.conversation_id, key) as stream:
        assert stream.answer.status == 200


def test_who_may_not(server: Server, scene: Scene) -> None:
    narrowed = scene.cast.key(scene.cast.alice, "read", permissions={"agents": ["read"]})
    refused: list[tuple[Headers, object, int]] = [
        ({}, scene.conversation_id, 401),
        ({"Authorization": "Bearer x"}, scene.conversation_id, 401),
        (narrowed, scene.conversation_id, 403),
        (scene.cast.charlie.headers, scene.conversation_id, 404),
        (scene.cast.vera.headers, scene.other_id, 404),
        (scene.cast.vera.headers, uuid4(), 404),
    ]
    for headers, conversation_id, status in refused:
        with StreamClient(server, conversation_id, headers) as stream:  # type: ignore[arg-type]
            assert stream.answer.status == status
            assert stream.answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("strange", ["x", "1-1", "' OR 1=1", "-" * 500])
def test_a_strange_id_leads_to_a_resync(server: Server, scene: Scene, strange: str) -> None:
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers, strange) as stream:
        assert stream.answer.status == 200
        assert stream.until("resync").names == ["resync"]


def test_ends_when_the_session_does(server: Server, scene: Scene) -> None:
    with StreamClient(server, scene.conversation_id, scene.cast.alice.headers) as stream:
        scene.turn.say()
        stream.until("chat_delta")
        change(scene.cast.database, UserSession, scene.cast.alice.session_id, revoked_at=datetime.now(UTC))
        scene.turn.publisher.recheck(scene.conversation_id)  # otherwise within a minute
        stream.until_ended()
    assert stream.names == ["chat_delta", "end"]
    assert stream.events[-2].payload["code"] == "session_ended"


def test_ends_at_once_when_the_caller_signs_out(server: Server, connect: Connect, scene: Scene) -> None:
    alice = scene.cast.alice.headers
    client = connect(scene.alice)
    client.join(scene.conversation_id)
    with (
        StreamClient(server, scene.conversation_id, alice) as stream,
        StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as other,
    ):
        assert server.call("POST", "/v1/auth/logout", headers=alice)[0] == 204
        assert stream.until_ended().events[-2].payload["code"] == "session_ended"
        client.until_closed()
        scene.turn.say()
        assert other.until("chat_delta").names == ["chat_delta"]


def test_ends_at_once_for_a_super_admin_who_acts_as_somebody(server: Server, scene: Scene) -> None:
    root = scene.cast.root.headers
    begun = server.call("POST", f"/v1/user/{scene.cast.alice.id}/impersonate", headers=root)[1]
    acting = {"Authorization": f"Bearer {json.loads(begun)['access_token']}"}
    with StreamClient(server, scene.conversation_id, acting) as stream:
        assert server.call("POST", "/v1/auth/logout", headers=root)[0] == 204
        assert stream.until_ended().events[-2].payload["code"] == "session_ended"


def test_ends_at_once_when_the_key_is_revoked(server: Server, scene: Scene) -> None:
    key = scene.cast.key(scene.cast.alice, "read")
    owner = scene.cast.alice.headers
    listed = json.loads(server.call("GET", "/v1/auth/api-keys", headers=owner)[1])["items"]
    with StreamClient(server, scene.conversation_id, key) as stream:
        assert server.call("DELETE", f"/v1/auth/api-keys/{listed[0]['id']}", headers=owner)[0] == 204
        assert stream.until_ended().events[-2].payload["code"] == "api_key_revoked"


def test_ends_when_the_conversation_is_deleted(server: Server, scene: Scene) -> None:
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        scene.turn.say()
        stream.until("chat_delta")
        change(scene.cast.database, Conversation, scene.conversation_id, deleted_at=datetime.now(UTC))
        scene.turn.publisher.recheck(scene.conversation_id)
        stream.until_ended()
    assert stream.events[-2].payload["code"] == "resource_not_found"


def test_a_visitor_has_a_limited_number_of_streams(server: Server, scene: Scene) -> None:
    streams = [StreamClient(server, scene.conversation_id, scene.cast.vera.headers) for _ in range(21)]
    assert [each.answer.status for each in streams] == [200] * 20 + [429]
    assert json_code(streams[-1]) == "too_many_streams"
    for each in streams:
        each.__exit__()
    # Who left without a word leaves a place, long before the next heartbeat would show it.
    wait_until(lambda: _opens(server, scene), "a place", seconds=8)


def _opens(server: Server, scene: Scene) -> bool:
    with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
        return stream.answer.status == 200


def json_code(stream: StreamClient) -> str:
    code: str = json.loads(stream.answer.read())["code"]
    return code
