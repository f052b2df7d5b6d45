"""Every refusal is a problem document (RFC 9457), whoever refuses."""

import re
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.test import TestResponse

from app.config import Settings
from app.core.transaction import session
from app.errors import Unavailable
from app.services import companies, profiles
from tests.cast import Cast

LOGIN, PROFILE, COMPANY = "/v1/auth/login", "/v1/user/profile", "/v1/company"


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal, whose common parts are as they should be."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    body: dict[str, Any] = answer.json
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"https://frontdesk.test/docs/errors#{code}"
    assert body["title"]
    assert re.fullmatch(r"[A-Z].*[.?!)]", body["detail"]), body["detail"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body


# Addresses and methods.


@pytest.mark.parametrize(
    "path", ["/v2", "/v1/nothing", "/v1/user/42", f"/v1/user/{UUID(int=7)}/", "/v1/company/../../etc/passwd", "/%00"]
)
def test_an_unknown_address(client: FlaskClient, path: str) -> None:
    refused(client.get(path), 404, "resource_not_found")


def test_an_address_with_a_slash_too_many_leads_to_the_right_one(client: FlaskClient) -> None:
    answer = client.get("/v1//company?page=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/v1/company?page=1")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_method_that_an_address_does_not_take(client: FlaskClient, method: str) -> None:
    answer = client.open(LOGIN, method=method)
    assert refused(answer, 405, "method_not_allowed")["detail"].startswith("This address does not take")
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FIND"])
def test_a_method_that_nobody_takes(client: FlaskClient, method: str) -> None:
    refused(client.open(LOGIN, method=method), 405, "method_not_allowed")


def test_a_refusal_without_a_body(client: FlaskClient) -> None:
    answer = client.head("/v1/nothing")
    assert (answer.status_code, answer.get_data()) == (404, b"")


# Bodies.


def test_a_body_that_is_too_large(client: FlaskClient, settings: Settings) -> None:
    answer = client.post(LOGIN, data=b" " * (settings.max_body_bytes + 1), content_type="application/json")
    refused(answer, 413, "payload_too_large")


def test_a_body_that_only_says_it_is_too_large(client: FlaskClient, settings: Settings) -> None:
    answer = client.post(
        LOGIN,
        data=b"{}",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(settings.max_body_bytes + 1)},
    )
    refused(answer, 413, "payload_too_large")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
def test_a_body_of_another_type(client: FlaskClient, kind: str) -> None:
    refused(client.post(LOGIN, data=b"{}", content_type=kind), 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_body_of_the_right_type(client: FlaskClient, kind: str) -> None:
    refused(client.post(LOGIN, data=b"{}", content_type=kind), 422, "validation_error")


DEEP = 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b" ",
        b"{'email': 'a'}",
        b'{"email": "a",}',
        b'{"email": "a"} trailing',
        b'{"email": NaN}',
        b'{"email": Infinity}',
        b'{"email": -Infinity}',
        b'{"email": undefined}',
        b'{"email": "a\nb"}',
        b'{"email": "\\ud800"}',
        b'{"email": "\\udc00\\ud800"}',
        b'{"email": "\xff"}',
        b'{"email": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"email": "a"}'.encode("utf-16"),
        b'{"email": "\\u0000"}',
        b'{"email": ["x", {"deep": "a\\u0000b"}]}',
        b'{"em\\u0000ail": "a"}',
        b'{"email": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"[" * DEEP,
        b'{"email": 1' + b"0" * 400 + b"}",
        b"\x00",
        b'{"email": "a\\u0000", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json(client: FlaskClient, body: bytes) -> None:
    answer = client.post(LOGIN, data=body, content_type="application/json")
    refused(answer, 400, "bad_request")


def test_no_body_is_an_empty_one(client: FlaskClient) -> None:
    refused(client.post(LOGIN), 422, "validation_error")
    refused(client.post(LOGIN, data=b"", content_type="application/json"), 422, "validation_error")


@pytest.mark.parametrize("value", ["\\ud800", "a\\u0000"])
def test_text_that_cannot_be_stored(client: FlaskClient, cast: Cast, value: str) -> None:
    body = f'{{"preferences": {{"theme": "{value}"}}}}'
    answer = client.put(PROFILE, data=body, content_type="application/json", headers=cast.alice.headers)
    refused(answer, 400, "bad_request")


@pytest.mark.parametrize(("levels", "status"), [(10, 200), (65, 400), (300, 400), (1000, 400), (2000, 400)])
def test_what_is_taken_can_be_given_back(client: FlaskClient, cast: Cast, levels: int, status: int) -> None:
    body = '{"preferences": {"deep": ' + "[" * levels + "]" * levels + "}}"
    answer = client.put(PROFILE, data=body, content_type="application/json", headers=cast.alice.headers)
    assert answer.status_code == status
    assert client.get(PROFILE, headers=cast.alice.headers).status_code == 200


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null", b"true", b'[{"email": "a@b.example"}]'])
def test_json_that_is_no_object(client: FlaskClient, body: bytes) -> None:
    refused(client.post(LOGIN, data=body, content_type="application/json"), 422, "validation_error")


def test_names_the_fields_that_are_wrong(client: FlaskClient) -> None:
    body = refused(client.post(LOGIN, json={"email": "nobody"}), 422, "validation_error")
    assert set(body["errors"]) == {"email", "password"}
    assert all(isinstance(messages, list) for messages in body["errors"].values())


def test_an_unknown_field_is_an_error(client: FlaskClient) -> None:
    sent = {"email": "a@b.example", "password": "x", "admin": True}
    assert refused(client.post(LOGIN, json=sent), 422, "validation_error")["errors"] == {"admin": ["Unknown field."]}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "", "a" * 10_000, "\u202e", "company_id"])
def test_an_unknown_field_of_any_name(client: FlaskClient, name: str) -> None:
    sent = {"email": "a@b.example", "password": "x", name: 1}
    assert name in refused(client.post(LOGIN, json=sent), 422, "validation_error")["errors"]


@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["a@b.example"], "", "a" * 300, "\u0001"])
def test_a_value_of_another_type(client: FlaskClient, value: object) -> None:
    body = refused(client.post(LOGIN, json={"email": value, "password": "x"}), 422, "validation_error")
    assert list(body["errors"]) == ["email"]


def test_a_wrong_item_of_a_list_is_named_by_its_place(client: FlaskClient, cast: Cast) -> None:
    sent = {"company_ids": [str(uuid4()), "nonsense"]}
    answer = client.post("/v1/company/bulk-delete", json=sent, headers=cast.root.headers)
    body = refused(answer, 422, "validation_error")
    assert body["errors"] == {"company_ids": {"1": ["Not a valid UUID."]}}


def test_a_wrong_parameter(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/v1/company/statistics", query_string={"days": "many"}, headers=cast.alice.headers)
    assert list(refused(answer, 422, "validation_error")["errors"]) == ["days"]


@pytest.mark.parametrize(
    "value", ["\x00", "%00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "é", "42"]
)
def test_a_company_in_the_query_that_is_no_id(client: FlaskClient, cast: Cast, value: str) -> None:
    answer = client.get(COMPANY, query_string={"company_id": value}, headers=cast.alice.headers)
    refused(answer, 404, "resource_not_found")


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key", "X-API-Secret"])
@pytest.mark.parametrize("value", ["\xff", "Bearer \xe9", "x" * 8000])
def test_odd_credentials(client: FlaskClient, header: str, value: str) -> None:
    headers = {"X-API-Key": "fdk_x", "X-API-Secret": "fds_x"} if header.startswith("X") else {}
    answer = client.get(COMPANY, headers={**headers, header: value})
    refused(answer, 401, answer.json["code"])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


# What goes wrong on our side.


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(companies, "get_own", fail)


class Unheard(Exception):
    """Nobody expects it."""


def test_an_unexpected_error_tells_nothing(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, Unheard("SELECT secret FROM users WHERE password = 'hunter2'"))
    answer = client.get(COMPANY, headers=cast.alice.headers)
    refused(answer, 500, "internal_error")
    assert not re.search("(?i)unheard|select|secret|hunter2|traceback|line", answer.get_data(as_text=True))


def test_an_unexpected_error_undoes_what_was_written(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = profiles.change

    def change_and_fail(*args: Any, **kwargs: Any) -> None:
        change(*args, **kwargs)
        session().flush()
        raise Unheard

    monkeypatch.setattr(profiles, "change", change_and_fail)
    assert client.put(PROFILE, json={"first_name": "Alicia"}, headers=cast.alice.headers).status_code == 500
    monkeypatch.undo()
    assert client.get(PROFILE, headers=cast.alice.headers).json["first_name"] == "Alice"


def _database_error(kind: type[Any]) -> Any:
    return kind("SELECT secret", {}, psycopg2.OperationalError("could not connect to server secret.internal"))


@pytest.mark.parametrize(
    "error",
    [
        _database_error(OperationalError),
        _database_error(InterfaceError),
        PoolTimeout("QueuePool limit of size 5 reached"),
        RedisConnectionError("Error 111 connecting to secret.internal:6379"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_service_that_is_down(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    _fail_with(monkeypatch, error)
    answer = client.get(COMPANY, headers=cast.alice.headers)
    refused(answer, 503, "service_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert "secret" not in answer.get_data(as_text=True)


def test_our_own_refusals_say_when_to_come_back(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_with(monkeypatch, Unavailable("The model is busy.", retry_after=7))
    answer = client.get(COMPANY, headers=cast.alice.headers)
    assert refused(answer, 503, "service_unavailable")["detail"] == "The model is busy."
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELECT pg_sleep(10)", 503, "service_unavailable"),
        ("SELECT CAST('nonsense' AS uuid)", 422, "validation_error"),
        ("SELECT 99999999999::int", 422, "validation_error"),
        ("SELECT * FROM no_such_table", 500, "internal_error"),
        ("DELETE FROM audit_entries", 500, "internal_error"),
        ("INSERT INTO leads (id) VALUES (gen_random_uuid())", 500, "internal_error"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", 503, "service_unavailable"),
    ],
)
def test_what_the_database_refuses(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, statement: str, status: int, code: str
) -> None:
    def execute(*_: object) -> None:
        session().execute(text("SET LOCAL statement_timeout = 50"))
        session().execute(text(statement))

    monkeypatch.setattr(companies, "get_own", execute)
    answer = client.get(COMPANY, headers=cast.alice.headers)
    refused(answer, status, code)
    assert not re.search("(?i)select|pg_|no_such|psycopg|leads", answer.get_data(as_text=True))


def test_a_value_that_somebody_else_has_just_taken(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(*_: object) -> None:
        session().execute(text("UPDATE users SET email = 'bob@acme.example' WHERE username = 'alice'"))

    monkeypatch.setattr(companies, "get_own", execute)
    body = refused(client.get(COMPANY, headers=cast.alice.headers), 409, "conflict")
    assert "bob" not in str(body)


def test_the_next_call_is_fine_after_an_error(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, Unheard())
    client.get(COMPANY, headers=cast.alice.headers)
    monkeypatch.undo()
    assert client.get(COMPANY, headers=cast.alice.headers).status_code == 200


# What stays inside.


@pytest.mark.parametrize("error", [Unheard(), _database_error(OperationalError), Unavailable()])
def test_the_code_for_the_usage_record_does_not_leave(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    _fail_with(monkeypatch, error)
    assert "X-Error-Code" not in client.get(COMPANY, headers=cast.alice.headers).headers


@pytest.mark.parametrize("path", ["/v1/nothing", LOGIN, COMPANY, f"/v1/user/{UUID(int=0)}", "/docs/nothing"])
def test_no_route_tells_the_code_in_a_header(client: FlaskClient, path: str) -> None:
    assert "X-Error-Code" not in client.get(path).headers
