"""Listing, testing, changing, deleting and restoring connections."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import crypto
from app.core.crypto import Keyring
from app.models.agent import Agent
from app.models.database_connection import DatabaseConnection
from app.services import secrets_rotation
from tests.cast import Cast
from tests.conftest import SECRET_KEY
from tests.database.conftest import Connect
from tests.database.servers import PASSWORD, Shop
from tests.rows import audited, change, now_in

URL = "/v1/database-connection"
Body = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(connect: Connect, shops: dict[str, Shop], reachable: None) -> UUID:
    """A connection of acme to Postgres."""
    return connect(shops["postgresql"])


@pytest.fixture
def alice(client: FlaskClient, cast: Cast) -> Callable[..., Any]:
    """Calls as Alice; no answer may hold the password."""

    def call(method: str, path: str = "", **values: Any) -> Any:
        answer = client.open(f"{URL}{path}", method=method, headers=cast.alice.headers, **values)
        assert PASSWORD not in answer.text
        return answer

    return call


def test_lists_and_fetches(alice: Any, stored: UUID, client: FlaskClient, cast: Cast, agent: UUID) -> None:
    (item,) = alice("GET").json["items"]
    assert (item["id"], item["url"].count("***")) == (str(stored), 1)
    assert alice("GET", f"/{stored}").json == item
    assert alice("GET", f"?agent_id={agent}").json["pagination"]["total"] == 1
    assert alice("GET", f"?agent_id={uuid4()}").json["items"] == []
    assert client.get(URL, headers=cast.charlie.headers).json["items"] == []


def test_tests_again_and_keeps_how_it_went(alice: Any, stored: UUID, shops: dict[str, Shop], database: Session) -> None:
    assert alice("POST", f"/{stored}/test").json["ok"] is True
    change(database, DatabaseConnection, stored, url=shops["postgresql"].with_(password="wrong"))
    answer = alice("POST", f"/{stored}/test")
    assert answer.status_code == 200
    assert (answer.json["ok"], answer.json["error_code"]) == (False, "database_credentials")
    shown = alice("GET", f"/{stored}").json
    assert (shown["status"], shown["error_code"]) == ("failed", "database_credentials")


def test_a_url_that_cannot_be_read_is_told_and_shown_as_such(alice: Any, stored: UUID, database: Session) -> None:
    change(database, DatabaseConnection, stored, url="nonsense")
    assert alice("POST", f"/{stored}/test").json["error_code"] == "database_url"
    assert alice("GET", f"/{stored}").json["url"] == "***"


def test_replaces(alice: Any, stored: UUID, body: Body, shops: dict[str, Shop], database: Session) -> None:
    answer = alice("PUT", f"/{stored}", json=body(shops["sqlite"], name="Files"))
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["database_type"]) == ("Files", "sqlite")
    assert answer.json["url"] == "sqlite:///shop.db"
    entry = audited(database, "database_connection_changed")
    assert (entry.after["url"], "sqlite://" in f"{entry.before}{entry.after}") == ("changed", False)


def test_changes_a_name_without_asking_anybody(
    alice: Any, stored: UUID, shops: dict[str, Shop], with_settings: Callable[..., None]
) -> None:
    with_settings(allowed_networks=())
    shown = alice("GET", f"/{stored}").json["url"]
    answer = alice("PATCH", f"/{stored}", json={"name": "Other", "url": shown})
    assert (answer.status_code, answer.json["name"]) == (200, "Other")


def test_tries_another_url_out_first(alice: Any, stored: UUID, shops: dict[str, Shop], database: Session) -> None:
    before = now_in(database, DatabaseConnection, stored).url
    answer = alice("PATCH", f"/{stored}", json={"url": shops["postgresql"].with_(port="1")})
    assert (answer.status_code, answer.json["code"]) == (422, "database_host")
    assert now_in(database, DatabaseConnection, stored).url == before


def test_fills_no_password_in_for_another_host(alice: Any, stored: UUID) -> None:
    masked = alice("GET", f"/{stored}").json["url"]
    answer = alice("PATCH", f"/{stored}", json={"url": masked.replace("127.0.0.1", "evil.example")})
    assert (answer.status_code, "url" in answer.json["errors"]) == (422, True)


def test_insists_on_tls_when_it_is_changed_to(alice: Any, stored: UUID) -> None:
    answer = alice("PATCH", f"/{stored}", json={"connection_params": {"tls": "require"}})
    assert (answer.status_code, answer.json["code"]) == (422, "database_tls")


def test_deletes_and_restores(alice: Any, stored: UUID, database: Session, agent: UUID) -> None:
    assert alice("DELETE", f"/{stored}").status_code == 204
    for method, path in (("GET", ""), ("POST", "/test"), ("DELETE", ""), ("GET", "/table"), ("POST", "/analyze")):
        assert alice(method, f"/{stored}{path}").status_code == 404
    assert alice("GET").json["items"] == []
    (deleted,) = alice("GET", "/deleted").json["items"]
    assert deleted["id"] == str(stored)
    change(database, Agent, agent, deleted_at=datetime.now(UTC))
    assert alice("PATCH", f"/{stored}/restore").json["code"] == "agent_deleted"
    change(database, Agent, agent, deleted_at=None)
    assert alice("PATCH", f"/{stored}/restore").json["deleted_at"] is None
    assert alice("PATCH", f"/{stored}/restore").status_code == 409
    assert alice("GET", f"/{stored}").status_code == 200


def test_urls_are_encrypted_anew_with_the_other_secrets(
    app: Flask, stored: UUID, database: Session, shops: dict[str, Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_key = "another key for tests, which is as long as it has to be"
    monkeypatch.setattr(crypto, "_keyring", Keyring((fresh_key, SECRET_KEY)))
    try:
        with app.app_context():
            assert secrets_rotation.reencrypt_all()["database_connections"] == 1
        monkeypatch.setattr(crypto, "_keyring", Keyring((fresh_key,)))
        assert now_in(database, DatabaseConnection, stored).url == shops["postgresql"].url
    finally:
        # What outlives a test (signing keys) has been encrypted anew as well.
        monkeypatch.setattr(crypto, "_keyring", Keyring((SECRET_KEY, fresh_key)))
        with app.app_context():
            secrets_rotation.reencrypt_all()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("PATCH", "/restore")],
)
def test_refuses_everybody_else(
    client: FlaskClient, cast: Cast, stored: UUID, body: Body, shops: dict[str, Shop], method: str, path: str
) -> None:
    address = f"{URL}/{stored}{path}"
    values = {"json": body(shops["sqlite"])} if method == "PUT" else {"json": {}} if method != "GET" else {}
    assert client.open(address, method=method, **values).status_code == 401
    if method != "GET":
        answer = client.open(address, method=method, headers=cast.key(cast.alice, "read"), **values)
        assert answer.status_code == 403
    assert client.open(address, method=method, headers=cast.charlie.headers, **values).status_code == 404


def test_refuses_bad_input(alice: Any, stored: UUID) -> None:
    assert alice("PUT", f"/{stored}", json={"name": "Only a name"}).status_code == 422
    assert alice("PATCH", f"/{stored}", json={"colour": "blue"}).status_code == 422
    assert alice("PATCH", f"/{stored}", json={"agent_id": str(uuid4())}).status_code == 404
