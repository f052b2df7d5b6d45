"""Every answer carries a request id: the caller's, where it sent a sane one."""

import json
import logging
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from app.core.logging import request_id
from tests.cast import Cast

NAME = "X-Request-ID"


def _is_ours(value: str) -> bool:
    return UUID(value).version == 7


def test_makes_an_id_of_its_own(client: FlaskClient) -> None:
    first, second = (client.get("/health").headers[NAME] for _ in range(2))
    assert _is_ours(first)
    assert _is_ours(second)
    assert first != second


@pytest.mark.parametrize(
    "sent",
    [
        "abc",
        "a" * 128,
        "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01",
        "Root=1-67891233-abcdef012345678912345678",
        "a/b+c=:@._-",
    ],
)
def test_keeps_a_sane_one(client: FlaskClient, sent: str) -> None:
    assert client.get("/health", headers={NAME: sent}).headers.getlist(NAME) == [sent]


@pytest.mark.parametrize(
    "sent",
    [
        "",
        " ",
        "a" * 129,
        "a b",
        "a,b",
        "a;b",
        'a"b',
        "<script>",
        "a\tb",
        "\xe9",
        "\xb2",
        "a\\b",
        "{}",
        "a%0d%0ab",
        "${jndi}",
    ],
)
def test_makes_its_own_instead_of_another_one(client: FlaskClient, sent: str) -> None:
    (answered,) = client.get("/health", headers={NAME: sent}).headers.getlist(NAME)
    assert _is_ours(answered)


@pytest.mark.parametrize("path", ["/health", "/v1/nothing", "/v1/company", "/docs", "/openapi.json", "/"])
def test_is_on_every_answer_once(client: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        assert client.open(path, method=method, headers={NAME: "sane"}).headers.getlist(NAME) == ["sane"]


def test_is_in_a_refusal(client: FlaskClient) -> None:
    assert client.get("/v1/company", headers={NAME: "sane"}).json["request_id"] == "sane"


def test_is_in_the_log(client: FlaskClient, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str | None] = []
    caplog.handler.addFilter(lambda record: bool(seen.append(request_id.get())) or True)
    with caplog.at_level(logging.INFO, logger="frontdesk.access"):
        client.get("/v1/company", headers={**cast.alice.headers, NAME: "sane"})
    assert seen == ["sane"]
    (record,) = caplog.records
    assert (record.status, record.route, record.caller) == (200, "/v1/company", f"user:{cast.alice.id}")
    assert json.dumps(record.ms)
