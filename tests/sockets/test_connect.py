"""Who may connect."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sockets.conftest import Connect, Scene, Server, key_of

pytestmark = pytest.mark.slow  # a web process is started for each mode


def test_the_handshake_of_polling(server: Server) -> None:
    status, body, _ = server.call("GET", "/socket.io/?EIO=4&transport=polling")
    assert status == 200
    assert body.startswith('0{"sid":')
    assert '"upgrades":["websocket"]' in body


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_connects_with_a_token(connect: Connect, scene: Scene, transport: str) -> None:
    assert connect(scene.vera, transport).connected
    assert connect(scene.alice, transport).connected


def test_connects_with_a_key(connect: Connect, scene: Scene) -> None:
    assert connect(key_of(scene.cast.key(scene.cast.alice, "read"))).connected


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_connects_with_headers(connect: Connect, scene: Scene, transport: str) -> None:
    assert connect(None, transport, headers=scene.cast.vera.headers).connected
    assert connect(None, transport, headers=scene.cast.key(scene.cast.alice, "read")).connected


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (None, "authentication_failed"),
        ({"token": "x"}, "authentication_failed"),
        ({"api_key": "fdk_x"}, "authentication_failed"),
        ({"api_key": "fdk_x", "api_secret": "fds_x"}, "authentication_failed"),
        ({"token": "x", "api_key": "y", "api_secret": "z"}, "authentication_failed"),
        ({"token": {"x": 1}}, "validation_error"),
        ({"token": "x", "company_id": "y"}, "validation_error"),
        ([], "authentication_failed"),
        ("token", "authentication_failed"),
        (7, "authentication_failed"),
    ],
)
def test_is_refused_without_a_good_credential(connect: Connect, scene: Scene, auth: Any, code: str) -> None:
    client = connect(auth)
    assert not client.connected
    refusal = client.refusal["data"]
    assert refusal["code"] in {code, "token_invalid"}
    assert refusal["detail"] == client.refusal["message"]


def test_a_token_in_the_query_is_none(connect: Connect, scene: Scene) -> None:
    client = connect(None, query=f"&token={scene.cast.vera.token}")
    assert client.refusal["data"]["code"] == "authentication_failed"


def test_is_refused_with_a_revoked_key(connect: Connect, scene: Scene) -> None:
    revoked = scene.cast.key(scene.cast.alice, "read", revoked_at=datetime.now(UTC))
    assert connect(key_of(revoked)).refusal["data"]["code"] == "api_key_revoked"


def test_is_refused_without_the_scope(connect: Connect, scene: Scene) -> None:
    narrowed = scene.cast.key(scene.cast.alice, "read", permissions={"agents": ["read"]})
    assert connect(key_of(narrowed)).refusal["data"]["code"] == "insufficient_permissions"


def test_who_is_refused_may_try_again(connect: Connect, scene: Scene) -> None:
    client = connect({"token": "x"})
    assert client.connect(scene.vera).connected
    assert client.join(scene.conversation_id)["ok"]


def test_who_is_not_connected_can_do_nothing(connect: Connect, scene: Scene) -> None:
    client = connect({"token": "x"})
    client._send('421["join_conversation",{}]')
    assert client.listen(0.3).events == []
    assert 1 not in client._acks


def test_pages_of_other_origins_are_refused(server: Server) -> None:
    status, *_ = server.call("GET", "/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://evil.example"})
    assert status == 400


@pytest.mark.parametrize("nonsense", ["4", "9", "", "42", "4{", "42[", '42["a"', "451-[]", "4444444", "b4AAA", "40{}"])
def test_nonsense_harms_nobody(connect: Connect, server: Server, scene: Scene, nonsense: str) -> None:
    connect(scene.vera)._send(nonsense)
    assert connect(scene.vera).join(scene.conversation_id)["ok"]


def test_a_message_that_is_too_large_ends_the_connection(connect: Connect, scene: Scene) -> None:
    client = connect(scene.vera)
    client._send("42" + "x" * 100_000)
    client.until_closed()
    polling = connect(scene.vera, "polling")
    assert polling.server.call("POST", polling.path, "4" * 100_000)[0] == 400
