"""A web process that stops sends its listeners elsewhere; one without Redis says so."""

import http.client
import time
from pathlib import Path

import pytest
from flask import Flask

from app.config import Settings
from launcher.valkey import EmbeddedValkey
from tests.sockets.conftest import Scene, Server, WebSocketClient
from tests.sockets.streams import StreamClient

pytestmark = pytest.mark.slow  # a web process is started for each test


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gunicorn.log"


def test_stopping_sends_everybody_elsewhere(app: Flask, mode: str, settings: Settings, log: Path, scene: Scene) -> None:
    with Server(mode, settings, log) as server:
        streams = [StreamClient(server, scene.conversation_id, scene.cast.vera.headers) for _ in range(5)]
        web_sockets = [WebSocketClient(server).connect(scene.vera) for _ in range(5)]
        for client in web_sockets:
            assert client.join(scene.conversation_id)["ok"]
        idle = WebSocketClient(server)
        started = time.monotonic()
        server.process.terminate()
        for stream in streams:
            assert stream.until_ended().names == ["end"]
            assert stream.events[-2].payload["reason"] == "restarting"
            stream.__exit__()
        for client in web_sockets:
            client.until_closed()
            assert [each.payload["reason"] for each in client.events] == ["restarting"]
            client.leave()
        idle.until_closed()
        idle.leave()
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 8


def test_nobody_is_waited_for_in_vain_and_whoever_asks_is_answered(
    app: Flask, mode: str, settings: Settings, log: Path, scene: Scene
) -> None:
    """Clients that say no goodbye don't hold it up, and those that left before are not taken for others."""
    with Server(mode, settings, log) as server:
        for _ in range(3):
            WebSocketClient(server).connect(scene.vera).leave()
        deaf = [WebSocketClient(server).connect(scene.vera), WebSocketClient(server)]
        assert deaf[0].join(scene.conversation_id)["ok"]
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        for stopping in (False, True):
            if stopping:
                server.process.terminate()
                time.sleep(0.4)
            connection.request("GET", "/health")
            with connection.getresponse() as answer:
                assert answer.status == 200
                answer.read()
        connection.close()
        assert server.process.wait(10) == 0  # running requests would get 20 seconds
        for client in deaf:
            client.socket.shutdown()


def test_without_redis_there_are_no_events(
    app: Flask, mode: str, settings: Settings, log: Path, scene: Scene, tmp_path: Path
) -> None:
    with (
        EmbeddedValkey(tmp_path / "redis", "secret") as valkey,
        Server(mode, settings, log, REDIS_URL=valkey.url()) as server,
    ):
        client = WebSocketClient(server).connect(scene.vera)
        valkey.stop()
        with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
            assert stream.answer.status == 503
            assert stream.answer.headers["Retry-After"] == "2"
            assert b'"code":"streaming_unavailable"' in stream.answer.read()
        refused = client.join(scene.conversation_id)
        assert (refused["ok"], refused["error"]["code"]) == (False, "streaming_unavailable")
        valkey.start()
        time.sleep(1.1)  # for so long Redis is left alone after it failed
        assert client.join(scene.conversation_id)["ok"]
        with StreamClient(server, scene.conversation_id, scene.cast.vera.headers) as stream:
            assert stream.answer.status == 200
        client.leave()
