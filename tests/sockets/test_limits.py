"""Limits that a client meets, in the process of the tests."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import sockets
from app.config import Settings
from app.services import listening
from app.sockets import feed as feed_module
from app.sockets.feed import feed
from app.sockets.server import socketio
from tests.realtime.conftest import wait_until
from tests.sockets.conftest import Scene, key_of

PATH = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture(autouse=True)
def _bound_to_this_application(app: Flask, settings: Settings) -> Iterator[None]:
    """Other tests make applications of their own, and Socket.IO's server belongs to the last one made."""
    before = app.wsgi_app
    sockets.bind(app, settings)
    yield
    app.wsgi_app = before  # type: ignore[method-assign]


class Poller:
    """Polls through the application itself. Only asks when there is an answer, for asking waits."""

    def __init__(self, client: FlaskClient, auth: dict[str, str]) -> None:
        self.client = client
        opened = client.get(PATH).text
        self.path = f"{PATH}&sid={json.loads(opened[1:])['sid']}"
        self.answer = self.say("40" + json.dumps(auth))

    def say(self, packet: str) -> str:
        assert self.client.post(self.path, data=packet).status_code == 200
        return self.client.get(self.path).text

    def join(self, conversation_id: object) -> Any:
        said = json.dumps(["join_conversation", {"conversation_id": str(conversation_id)}])
        packets = self.say(f"421{said}").split("\x1e")
        (answer,) = (each for each in packets if each.startswith("431"))
        return json.loads(answer[3:])[0]

    def leave(self) -> None:
        self.client.post(self.path, data="1")


def test_connecting_and_joining_are_counted(
    client: FlaskClient, scene: Scene, with_settings: Callable[..., None]
) -> None:
    with_settings(rate_limit_general=2)
    poller = Poller(client, scene.vera)
    assert poller.answer.startswith("40{")
    assert poller.join(scene.conversation_id)["ok"]
    refused = poller.join(scene.conversation_id)["error"]
    assert refused["code"] == "rate_limit_exceeded"
    assert 0 < refused["retry_after"] <= 61
    another = Poller(client, scene.vera)
    assert '"code":"rate_limit_exceeded"' in another.answer
    another.leave()
    poller.leave()


def test_guessing_is_counted_by_address(client: FlaskClient, scene: Scene, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_general=2)
    answers = []
    for _ in range(3):
        poller = Poller(client, {"token": "guess"})
        answers.append(poller.answer)
        poller.leave()
    assert ["rate_limit_exceeded" in each for each in answers] == [False, False, True]


def test_one_caller_has_a_limited_number_of_connections(
    client: FlaskClient, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "MOST_OPEN", dict.fromkeys(listening.MOST_OPEN, 2))
    key = key_of(scene.cast.key(scene.cast.alice, "read"))
    pollers = [Poller(client, key) for _ in range(3)]
    assert [each.answer[:2] for each in pollers] == ["40", "40", "44"]
    assert '"code":"too_many_streams"' in pollers[-1].answer
    for each in pollers:
        each.leave()
    again = Poller(client, key)
    assert again.answer.startswith("40")
    again.leave()
    assert not feed.clients


def test_whose_key_is_revoked_goes_at_once_though_much_waits_for_them(client: FlaskClient, scene: Scene) -> None:
    """Who takes nothing more isn't scheduled again for anything that is to be told."""
    owner = scene.cast.alice.headers
    poller = Poller(client, key_of(scene.cast.key(scene.cast.alice, "read")))
    assert poller.join(scene.conversation_id)["ok"]
    (listening_one,) = feed.clients.values()
    (room,) = listening_one.rooms.values()
    wait_until(lambda: scene.turn.say() and listening_one.capacity <= 0 and room._scheduled, "more than it takes")
    (listed,) = client.get("/v1/auth/api-keys", headers=owner).json["items"]
    assert client.delete(f"/v1/auth/api-keys/{listed['id']}", headers=owner).status_code == 204
    wait_until(lambda: not feed.clients, "the end")


def test_who_does_not_say_who_they_are_is_turned_away(
    client: FlaskClient, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "STRANGER_SECONDS", 0.01)
    opened = json.loads(client.get(PATH).text[1:])
    engine = socketio.server.eio
    wait_until(lambda: opened["sid"] not in engine.sockets or engine.sockets[opened["sid"]].closed, "the farewell")


@pytest.mark.parametrize(
    ("origins", "allowed"), [((), None), (("https://a.example",), ["https://a.example"]), (("*",), "*")]
)
def test_origins_follow_the_settings(settings: Settings, origins: tuple[str, ...], allowed: object) -> None:
    assert sockets._origins(dataclasses.replace(settings, cors_origins=origins)) == allowed
