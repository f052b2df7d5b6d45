"""Settings that are changed while everything runs take effect, here and in other processes."""

import os
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.orm import Session

from app.config import Settings
from app.core.settings import settings
from app.extensions import celery, redis_extension
from app.models.config_entry import ConfigEntry
from app.services import runtime_settings
from app.tasks import ContextTask
from tests.cast import PASSWORD, Cast
from tests.guards.rules import PROJECT

PATH = "/v1/config"


def put(client: FlaskClient, cast: Cast, key: str, value: Any) -> None:
    """Changes a setting."""
    answer = client.patch(PATH, json={"config_key": key, "config_value": value}, headers=cast.root.headers)
    assert answer.status_code == 200, answer.text


def test_closes_the_sign_up_and_opens_it_again(client: FlaskClient, cast: Cast) -> None:
    new = {"name": "Initech", "email": "hello@initech.example"}
    put(client, cast, "allow_signup", False)
    assert client.post("/v1/company", json=new).json["code"] == "signup_closed"
    put(client, cast, "allow_signup", None)
    assert client.post("/v1/company", json=new).status_code == 201


def test_limits_calls(client: FlaskClient, cast: Cast) -> None:
    put(client, cast, "rate_limit_general", 3)
    answers = [client.get("/v1/company", headers=cast.bob.headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "3"


def test_tells_the_team_of_a_maintenance(client: FlaskClient, cast: Cast) -> None:
    me = "/v1/auth/user/me"
    assert client.get(me, headers=cast.bob.headers).json["maintenance_notice"] is None
    put(client, cast, "maintenance_notice", "Back at noon.")
    assert client.get(me, headers=cast.bob.headers).json["maintenance_notice"] == "Back at noon."


def test_asks_for_a_verified_email(client: FlaskClient, cast: Cast) -> None:
    put(client, cast, "require_verified_email", True)
    login = client.post("/v1/auth/login", json={"email": cast.bob.email, "password": PASSWORD})
    assert login.json["code"] == "email_not_verified"


def test_shows_what_holds(client: FlaskClient, cast: Cast) -> None:
    put(client, cast, "evidence_floor", 1)
    found = client.get(PATH, query_string={"per_page": 100}, headers=cast.root.headers).json["items"]
    (shown,) = [each for each in found if each["config_key"] == "evidence_floor"]
    assert (shown["config_value"], shown["source"], shown["config_type"]) == (1, "stored", "float")
    assert shown["updated_at"] is not None


@pytest.fixture
def noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at every call instead of every few seconds."""
    monkeypatch.setattr(runtime_settings, "_LOOK_SECONDS", 0.0)


def store(database: Session, value: int) -> None:
    """What another process did."""
    database.add(ConfigEntry(key="rate_limit_general", kind="int", value=value))
    database.commit()


def _limit(client: FlaskClient, cast: Cast) -> str:
    return client.get("/v1/company", headers=cast.bob.headers).headers["X-RateLimit-Limit"]


@pytest.mark.usefixtures("noticed_at_once")
def test_notices_by_the_version_what_another_process_changed(
    client: FlaskClient, database: Session, cast: Cast
) -> None:
    before = _limit(client, cast)
    store(database, 77)
    assert _limit(client, cast) == before  # nobody has said so yet
    redis_extension.client.incr("frontdesk:config:version")
    assert _limit(client, cast) == "77"


@pytest.mark.usefixtures("noticed_at_once")
def test_notices_without_redis_too(
    client: FlaskClient, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisConnectionError("away")

    _limit(client, cast)
    monkeypatch.setattr(redis_extension.client, "get", away)
    monkeypatch.setattr(runtime_settings, "_WITHOUT_REDIS_SECONDS", 0.0)
    store(database, 78)
    assert _limit(client, cast) == "78"
    redis_extension.bind(redis_extension.client)  # it is not left alone any longer


@pytest.mark.usefixtures("noticed_at_once")
def test_workers_notice_before_each_task(app: Flask, database: Session, cast: Cast) -> None:
    class LimitTask(ContextTask):
        """Looks at the limit."""

        name = "test.limit"

        def run(self) -> int:
            return settings().rate_limit_general

    store(database, 79)
    LimitTask.bind(celery)
    assert LimitTask()() == 79


@pytest.mark.usefixtures("noticed_at_once")
def test_leaves_out_what_this_version_cannot_take(client: FlaskClient, database: Session, cast: Cast) -> None:
    store(database, -1)
    database.add(ConfigEntry(key="invitation_days", kind="int", value=3))
    database.add(ConfigEntry(key="no_setting_any_more", kind="int", value=3))
    database.commit()
    assert client.get("/v1/company", headers=cast.bob.headers).status_code == 200
    assert settings().invitation_days == 3


def test_a_companys_own_entries_change_nothing(client: FlaskClient, database: Session, cast: Cast) -> None:
    database.add(ConfigEntry(company_id=cast.acme, key="rate_limit_general", kind="int", value=1))
    database.commit()
    assert _limit(client, cast) != "1"


_OTHER_PROCESS = """
import sys, time
from app import create_app
from app.core.settings import settings
from app.services import runtime_settings
with create_app().app_context():
    runtime_settings.keep_current()
    print("ready", settings().rate_limit_general, flush=True)
    while settings().rate_limit_general != 80:
        runtime_settings.keep_current()
        time.sleep(0.02)
    print("noticed", flush=True)
"""


@pytest.mark.slow  # a process of its own
def test_another_process_notices(client: FlaskClient, cast: Cast, settings: Settings) -> None:
    environ = {
        **os.environ,
        "SECRET_KEYS": settings.secret_keys[0],
        "DATABASE_RUNTIME_URL": settings.runtime_url,
        "REDIS_URL": settings.redis_url,
        "FRONTDESK_ENV": "test",
    }
    command = [sys.executable, "-c", _OTHER_PROCESS]
    with subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        try:
            assert other.stdout.readline() == "ready 100\n"
            put(client, cast, "rate_limit_general", 80)
            assert other.stdout.readline() == "noticed\n"
        finally:
            other.kill()
