"""Logs are one JSON object a line, say which request they belong to, and hold no secret."""

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core import logging as structured
from app.core.logging import mask, request_id
from app.services import companies
from tests.cast import PASSWORD, Cast

SECRET = "s3cr3t-s3cr3t-s3cr3t"
JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTk4YzBkZS03YTNiIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

HIDDEN = [
    f"fds_{SECRET}",
    f"X-API-Secret: fds_{SECRET}",
    f"'X-API-Secret': 'fds_{SECRET}'",
    f"Authorization: Bearer {SECRET}",
    f"authorization: bearer {SECRET}",
    f"Authorization: Basic {SECRET}==",
    f"Bearer {JWT}",
    JWT,
    f'"{JWT}"',
    f"password={SECRET}",
    f"password = {SECRET}",
    f"PASSWORD: {SECRET}",
    f"password='{SECRET}'",
    f'"password": "{SECRET}"',
    f'{{"password": "{SECRET} with {SECRET} spaces, and a comma"}}',
    f"{{'password': '{SECRET} with {SECRET} spaces'}}",
    f'"password": "a\\"{SECRET}"',
    f'{{"new_password":"{SECRET}","email":"a@b.example"}}',
    json.dumps({"message": json.dumps({"password": f"{SECRET} {SECRET}", "email": "a@b.example"})}),
    json.dumps({"message": json.dumps({"message": json.dumps({"password": SECRET})})}),
    f"?token={SECRET}&page=2",
    f"/verify?token={SECRET}",
    f"setup_token={SECRET}",
    f'"refresh_token": "{SECRET}"',
    f'"access_token":"{SECRET}"',
    f"invitation_token: {SECRET}",
    f"client_secret={SECRET}",
    f"secret_key={SECRET}",
    f"SECRET_KEYS={SECRET}",
    f"api_key={SECRET}",
    f"DEMO_PASSWORD={SECRET}",
    f"passwd={SECRET}",
    f"postgresql://owner:{SECRET}@db/frontdesk",
    f"postgresql://owner:{SECRET}/{SECRET}@db/frontdesk",
    f"redis://:{SECRET}@cache:6379/0",
    f"smtp://user%40acme.example:{SECRET}@mail.example:587",
    f"connection to postgresql+psycopg2://owner:{SECRET}@db failed; redis://:{SECRET}@cache failed",
    f"Cookie: session={SECRET}",
    f"Set-Cookie: session={SECRET}; HttpOnly",
    f"SECRET_KEYS={SECRET},{SECRET}",
    f"password_hash={SECRET}",
    f"the key is sk-{SECRET}",
]
KEPT = [
    "request",
    "GET /v1/auth/api-keys 200 in 3.2 ms",
    "user:0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01",
    "fdk_6f1c0a9be37d45d2a8f0c3b1e29d74 was used",
    "https://frontdesk.example/docs/errors#conflict",
    "https://acme.example:8443/logo.png",
    "the password of alice@acme.example was changed",
    "token expired",
    "mail to alice@acme.example not sent: 550 no such user",
    '{"time":"2026-11-22 00:31:01,447","level":"ERROR","request_id":"01a200a9-db44-7188-9caf-2ee5a773e2bf"}',
    '{"token":null,"tokens_in":512,"max_tokens": 1000,"token_id":"0198c0de"}',
    '{"logo":"https://acme.example:8443/logo.png","email":"alice@acme.example"}',
    "password: ",
    "task-0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_hides_what_looks_like_a_secret(text: str) -> None:
    hidden = mask(text)
    assert "s3cr3t" not in hidden.lower(), hidden
    assert JWT[20:] not in hidden
    assert "***" in hidden


@pytest.mark.parametrize("text", HIDDEN)
def test_leaves_the_line_what_it_is(text: str) -> None:
    line = mask(json.dumps({"message": text, "extra": {"password": text}, "after": "kept"}))
    assert "s3cr3t" not in line.lower()
    assert json.loads(line)["after"] == "kept"


@pytest.mark.parametrize("text", KEPT)
def test_keeps_everything_else(text: str) -> None:
    assert mask(text) == text


def test_keeps_what_stands_beside_a_secret() -> None:
    text = mask(
        f'{{"email": "a@b.example", "password": "{SECRET}", "role": "admin"}} from redis://:{SECRET}@cache:6379/0'
    )
    assert '"email": "a@b.example"' in text
    assert '"role": "admin"' in text
    assert "cache:6379/0" in text


def test_is_quick_on_long_lines() -> None:
    """A line that takes the pattern seconds would be a way to stop a process."""
    parts = (
        "password",
        '"',
        "://:",
        "://",
        ":",
        "\\",
        "eyJ",
        "a",
        "token",
        "token\\",
        "token ",
        "bearer ",
        "key=",
        "key='",
    )
    begun = time.process_time()
    for part in parts:
        mask(f"token {part * 5_000} token")
        mask(f"authorization {part * 5_000}")
    assert time.process_time() - begun < 3


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What reaches the log from now on, as it is written."""
    written, before = io.StringIO(), logging.getLogger().handlers[:]
    level = logging.getLogger().level
    structured.configure("INFO")
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.basicConfig(level=level, handlers=before, force=True)


def test_writes_one_object_a_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    request_id.set("sane")
    logging.getLogger("here").info("first\nsecond %s", "x", extra={"company": "acme", "n": 3})
    (line,) = lines()
    assert {
        "level": "INFO",
        "logger": "here",
        "message": "first\nsecond x",
        "request_id": "sane",
    }.items() <= line.items()
    assert (line["company"], line["n"]) == ("acme", 3)
    assert line["time"]


def test_hides_secrets_in_every_part_of_a_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log = logging.getLogger("here")
    log.info('sent {"password": "%s"}', SECRET, extra={"url": f"redis://:{SECRET}@cache", "password": SECRET})
    try:
        raise ValueError(f"Authorization: Bearer {SECRET}")
    except ValueError:
        log.exception("it failed")
    first, second = lines()
    assert "s3cr3t" not in f"{first} {second}"
    assert "ValueError" in second["exc_info"]


def test_a_sign_in_leaves_no_secret_behind(
    client: FlaskClient, cast: Cast, lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = cast.key(cast.alice, "read")
    signed_in = client.post("/v1/auth/login", json={"email": cast.alice.email, "password": PASSWORD}).json
    client.get("/v1/company", headers=key)
    client.get("/v1/company", query_string={"token": SECRET}, headers=cast.alice.headers)

    def fail(*_: object) -> None:
        raise ValueError(f"{key} {signed_in}")

    monkeypatch.setattr(companies, "get_own", fail)
    client.get("/v1/company", headers=key)
    written = json.dumps(lines())
    assert len(lines()) == 5
    for secret in (PASSWORD, key["X-API-Secret"], SECRET, signed_in["access_token"], signed_in["refresh_token"]):
        assert secret not in written


def test_an_access_line_says_who_called_what(
    client: FlaskClient, cast: Cast, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client.get(f"/v1/user/{cast.bob.id}", headers={**cast.alice.headers, "X-Request-ID": "sane"})
    (line,) = lines()
    assert line["logger"] == "frontdesk.access"
    assert (line["method"], line["status"], line["request_id"]) == ("GET", 200, "sane")
    assert (line["path"], line["route"]) == (f"/v1/user/{cast.bob.id}", "/v1/user/<uuid:user_id>")
    assert line["caller"] == f"user:{cast.alice.id}"
    assert line["ms"] > 0


def test_an_address_cannot_forge_a_line(client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]) -> None:
    client.get('/v1/nothing%0a{"level":"INFO"}', headers={"User-Agent": "x\ty"})
    (line,) = lines()
    assert line["route"] == "unmatched"
