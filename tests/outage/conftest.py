"""A whole installation of its own, whose servers can be stopped."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from launcher.postgres import EmbeddedPostgres
from launcher.valkey import EmbeddedValkey

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "demo-of-outages"
EMAIL = "demo@frontdesk.example"


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    body: Any
    seconds: float


class Site:
    """A running web process."""

    def __init__(self, port: int, postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
        self.port, self.postgres, self.valkey = port, postgres, valkey
        self.headers: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        started = time.monotonic()
        try:
            headers = {**self.headers, **({"Content-Type": "application/json"} if body is not None else {})}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(content) if content else None, time.monotonic() - started)

    def sign_in(self) -> None:
        """Signs every later call as the demo's admin."""
        answer = self.call("POST", "/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        self.headers = {"Authorization": f"Bearer {answer.body['access_token']}"}

    def pause_postgres(self, signal_number: signal.Signals) -> None:
        """Stops or continues every process of Postgres, as a machine that hangs does."""
        parent = self.postgres.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for pid in [parent, *map(int, children)]:
            os.kill(pid, signal_number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module", params=["eventlet", "gthread"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Postgres, Valkey and a web process, all of this module's own."""
    folder = tmp_path_factory.mktemp("site")
    with (
        EmbeddedPostgres(folder / "postgres", "owner", settings={"fsync": "off"}) as postgres,
        EmbeddedValkey(folder / "redis", "secret") as valkey,
    ):
        env = {
            **os.environ,
            "FRONTDESK_ENV": "test",
            "DATABASE_URL": postgres.url(),
            "REDIS_URL": valkey.url(),
            "SECRET_KEYS": "k" * 40,
            "DATA_DIR": str(folder / "data"),
            "DEMO_PASSWORD": PASSWORD,
            "PORT": str(_free_port()),
            "ASYNC_MODE": request.param,
            "RATE_LIMIT_AUTHENTICATION": "100000",
            "RATE_LIMIT_GENERAL": "100000",
            "DATABASE_POOL_SIZE": "5",
        }
        prepare = [sys.executable, "-m", "flask", "--app", "app", "prepare", "--demo"]
        subprocess.run(prepare, cwd=PROJECT, env=env, check=True, capture_output=True)
        log = (folder / "web.log").open("wb")
        web = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:application"]
        process = subprocess.Popen(web, cwd=PROJECT, env=env, stdout=log, stderr=log)
        try:
            running = Site(int(env["PORT"]), postgres, valkey)
            _wait_until_up(running)
            running.sign_in()
            yield running
        finally:
            process.terminate()
            process.wait(30)
            log.close()


def _wait_until_up(site: Site) -> None:
    for _ in range(200):
        try:
            site.call("GET", "/health")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web process did not come up")
