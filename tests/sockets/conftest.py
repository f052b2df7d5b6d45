"""A real web process in each mode on the tests' own database, and clients that speak Socket.IO by hand."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import pytest
import websocket
from flask import Flask
from sqlalchemy.orm import Session

from app.config import Settings
from app.core.clock import now
from app.core.ids import new_id
from app.extensions import redis_extension
from app.models.agent import Agent
from app.models.conversation import Conversation
from app.realtime.publisher import Publisher
from tests.cast import Cast, Headers
from tests.realtime.conftest import Turn

PROJECT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running gunicorn."""

    def __init__(self, mode: str, settings: Settings, log: Path, **environment: str) -> None:
        self.port, self.log = _free_port(), log
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "FRONTDESK_ENV": "test",
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEYS": settings.secret_keys[0],
            "DATA_DIR": str(settings.data_dir),
            "PASSWORD_HASH_MEMORY_KIB": "64",
            "PORT": str(self.port),
            "ASYNC_MODE": mode,
            "RATE_LIMIT_GENERAL": "100000",
            "DATABASE_POOL_SIZE": "5",
            **environment,
        }

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:application"]
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self._env, stdout=log, stderr=log)
        deadline = time.monotonic() + 60  # a busy machine
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(self.log.read_text())
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/health")[0] == 200
        except OSError:
            return False

    def call(
        self, method: str, path: str, body: str | None = None, headers: Headers | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """One request: status, body and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()


@dataclass(frozen=True)
class Said:
    """An event that came."""

    name: str
    payload: dict[str, Any]


class SocketClient:
    """Speaks Engine.IO 4 and Socket.IO 5 over one of its two transports."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.events: list[Said] = []
        self.refusal: dict[str, Any] | None = None
        self.connected = self.closed = False
        self._acks: dict[int, Any] = {}
        self._number = 0

    def connect(self, auth: Any = None) -> Self:
        """Shows who we are, and waits for the answer."""
        self.refusal = None
        self._send("40" + (json.dumps(auth) if auth is not None else ""))
        self._until(lambda: self.connected or self.refusal)
        return self

    def ask(self, name: str, *said: Any) -> Any:
        """Sends an event and waits for its answer."""
        self._number += 1
        number = self._number
        self._send(f"42{number}{json.dumps([name, *said])}")
        self._until(lambda: number in self._acks)
        return self._acks[number]

    def join(self, conversation_id: UUID, since: str | None = None) -> Any:
        said = {"conversation_id": str(conversation_id), **({"since": since} if since else {})}
        return self.ask("join_conversation", said)

    def until(self, name: str, count: int = 1) -> Self:
        """Waits until so many events of this name have come."""
        self._until(lambda: len([each for each in self.events if each.name == name]) >= count)
        return self

    def until_closed(self) -> Self:
        self._until(lambda: self.closed)
        return self

    def listen(self, seconds: float) -> Self:
        """Takes what comes for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.closed:
            self._receive(end - time.monotonic())
        return self

    @property
    def names(self) -> list[str]:
        return [
            f"chat_status.{each.payload['status']}" if each.name == "chat_status" else each.name for each in self.events
        ]

    @property
    def ids(self) -> list[str]:
        return [each.payload["id"] for each in self.events if each.payload["id"]]

    def _until(self, condition: Callable[[], object], seconds: float = 8) -> None:
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"waited in vain; events: {self.names}, log: {self.server.log.read_text()[-3000:]}"
            assert not self.closed, "closed"
            self._receive(left)

    def _take(self, packet: str) -> None:
        if packet == "2":
            self._send("3")
        elif packet == "1":
            self.closed = True
        elif packet.startswith("40"):
            self.connected = True
        elif packet.startswith("44"):
            self.refusal = json.loads(packet[2:])
        elif packet.startswith("42"):
            name, payload = json.loads(packet[2:])
            self.events.append(Said(name, payload))
        elif packet.startswith("43"):
            number, _, answer = packet[2:].partition("[")
            (self._acks[int(number)],) = json.loads(f"[{answer}")

    def _send(self, packet: str) -> None:
        raise NotImplementedError

    def _receive(self, seconds: float) -> None:
        raise NotImplementedError


class WebSocketClient(SocketClient):
    """Over a WebSocket from the beginning."""

    def __init__(self, server: Server, headers: Headers | None = None, query: str = "") -> None:
        super().__init__(server)
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket{query}",
            timeout=5,
            header=dict(headers or {}),
        )
        assert self.socket.recv().startswith("0{")

    def _send(self, packet: str) -> None:
        self.socket.send(packet)

    def _receive(self, seconds: float) -> None:
        self.socket.settimeout(max(0.01, seconds))
        try:
            packet = self.socket.recv()
        except websocket.WebSocketTimeoutException:
            return
        except (websocket.WebSocketConnectionClosedException, OSError):
            self.closed = True
            return
        self.closed = self.closed or not packet
        self._take(packet)

    def leave(self) -> None:
        with suppress(websocket.WebSocketException, OSError):
            self.socket.send_close()
        self.socket.shutdown()


class PollingClient(SocketClient):
    """By long polling."""

    def __init__(self, server: Server, headers: Headers | None = None) -> None:
        super().__init__(server)
        self.headers = dict(headers or {})
        self.path = "/socket.io/?EIO=4&transport=polling"
        status, body, _ = server.call("GET", self.path, headers=self.headers)
        assert status == 200
        self.path += "&sid=" + json.loads(body.split("\x1e")[0][1:])["sid"]

    def _send(self, packet: str) -> None:
        assert self.server.call("POST", self.path, packet, self.headers)[0] == 200

    def _receive(self, seconds: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=max(0.05, seconds))
        try:
            connection.request("GET", self.path, headers=self.headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        except TimeoutError:
            return
        finally:
            connection.close()
        if answer.status != 200:
            self.closed = True
            return
        for packet in body.split("\x1e"):
            self._take(packet)

    def leave(self) -> None:
        self.server.call("POST", self.path, "1", self.headers)


TRANSPORTS: dict[str, type[WebSocketClient] | type[PollingClient]] = {
    "websocket": WebSocketClient,
    "polling": PollingClient,
}


@pytest.fixture(scope="module", params=["eventlet", "gthread"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(mode: str, app: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A web process on the database of the tests."""
    with Server(mode, settings, tmp_path_factory.mktemp("web") / "gunicorn.log") as running:
        yield running


Connect = Callable[..., Any]


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Connects a client: `connect(auth)`, `connect(auth, transport="polling")`."""
    made: list[Any] = []

    def connect(auth: Any = None, transport: str = "websocket", **options: Any) -> Any:
        made.append(TRANSPORTS[transport](server, **options))
        return made[-1].connect(auth)

    yield connect
    for client in made:
        client.leave()


@dataclass(frozen=True)
class Scene:
    """Vera's conversation with acme's agent, another visitor's, and a turn that speaks in Vera's."""

    cast: Cast
    conversation_id: UUID
    other_id: UUID
    turn: Turn

    @property
    def vera(self) -> dict[str, str]:
        return {"token": self.cast.vera.token}

    @property
    def alice(self) -> dict[str, str]:
        return {"token": self.cast.alice.token}


@pytest.fixture
def scene(app: Flask, database: Session, cast: Cast) -> Scene:
    """Everything that a listener needs."""
    agent = Agent(id=new_id(), company_id=cast.acme, name="Pia")
    database.add(agent)
    database.flush()
    hers, others = (
        Conversation(
            id=new_id(),
            company_id=cast.acme,
            agent_id=agent.id,
            lead_id=lead_id,
            max_context_length=4000,
            last_message_at=now(),
        )
        for lead_id in (cast.vera.id, None)
    )
    database.add_all([hers, others])
    database.commit()
    publisher = Publisher(lambda: redis_extension.client)
    Turn(publisher).say()  # a Redis that doesn't know our scripts counts as one that has just started
    return Scene(cast, hers.id, others.id, Turn(publisher, hers.id))


def key_of(headers: Headers) -> dict[str, str]:
    """The headers of an API key as Socket.IO clients send it."""
    return {"api_key": headers["X-API-Key"], "api_secret": headers["X-API-Secret"]}
