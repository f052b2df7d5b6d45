"""Headers that every answer carries."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config import Environment
from app.services import companies
from tests.cast import Cast

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-site",
}
# For everything that is no page.
NO_PAGE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


@pytest.fixture
def answers(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, TestResponse]]:
    """Answers of every kind."""
    signed = {"headers": cast.alice.headers}

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    kinds = {
        "an answer": client.get("/v1/user/profile", **signed),
        "a refusal": client.get("/v1/user/profile"),
        "no content": client.post("/v1/auth/logout", **signed),
        "nothing there": client.get("/v1/nothing"),
        "another method": client.delete("/v1/auth/login"),
        "invalid": client.post("/v1/auth/login", json={}),
        "the methods": client.options("/v1/company"),
        "health": client.get("/health"),
        "metrics": client.get("/metrics"),
        "a redirect": client.get("/v1//company"),
    }
    monkeypatch.setattr(companies, "get_own", fail)
    kinds["a bug"] = client.get("/v1/company", headers=cast.bob.headers)
    yield kinds
    for answer in kinds.values():
        answer.close()


def test_guard_every_answer(answers: dict[str, TestResponse]) -> None:
    assert {answer.status_code for answer in answers.values()} == {200, 204, 308, 401, 404, 405, 422, 500}
    for kind, answer in answers.items():
        for name, value in (EVERYWHERE | NO_PAGE).items():
            assert answer.headers.getlist(name) == [value], f"{name} of {kind}"


def test_come_once_each(answers: dict[str, TestResponse]) -> None:
    for kind, answer in answers.items():
        names = [name.lower() for name, _ in answer.headers]
        assert len(names) == len(set(names)), f"{kind}: {sorted(names)}"


def test_say_nothing_about_what_we_run_on(answers: dict[str, TestResponse]) -> None:
    for answer in answers.values():
        assert not {"Server", "X-Powered-By", "X-Error-Code", "Set-Cookie"} & set(answer.headers.keys())


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
def test_pages_may_load_their_own_parts_only(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert EVERYWHERE.items() <= dict(headers).items()


def test_production_insists_on_tls(client: FlaskClient, with_settings: Callable[..., None]) -> None:
    assert "Strict-Transport-Security" not in client.get("/health").headers
    with_settings(environment=Environment.PRODUCTION, mail_url="smtp://mail.example")
    (told,) = client.get("/health").headers.getlist("Strict-Transport-Security")
    assert told == "max-age=31536000; includeSubDomains"
