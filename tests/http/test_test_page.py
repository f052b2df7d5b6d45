"""POST /test: somebody's HTML in a sandbox."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import Environment

PATH = "/test"
EMBED = '<script async src="/widget.js" data-agent-id="0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01"></script>'


@pytest.mark.parametrize("kind", ["json", "data"])
def test_shows_what_was_sent(client: FlaskClient, kind: str) -> None:
    answer = client.post(PATH, **{kind: {"body": f"<h1>Shop</h1>{EMBED}"}})  # type: ignore[arg-type]
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    page = answer.get_data(as_text=True)
    assert page.startswith("<!doctype html>")
    assert f"<body>\n<h1>Shop</h1>{EMBED}\n</body>" in page


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>x", "  <html lang=de><body>x", "<!-- mine -->\n<!doctype html>x"])
def test_leaves_whole_pages_as_they_are(client: FlaskClient, page: str) -> None:
    assert client.post(PATH, json={"body": page}).get_data(as_text=True) == page


def test_it_is_of_no_origin(client: FlaskClient) -> None:
    """Its scripts could do what ours can, otherwise."""
    headers = client.post(PATH, json={"body": "<script>alert(1)</script>"}).headers
    (policy,) = headers.getlist("Content-Security-Policy")
    assert policy.startswith("sandbox allow-scripts allow-forms allow-popups;")
    assert "allow-same-origin" not in policy
    assert "allow-top-navigation" not in policy
    assert (headers["X-Frame-Options"], headers["Cache-Control"]) == ("DENY", "no-store")


def test_production_has_none_unless_it_is_switched_on(client: FlaskClient, with_settings: Callable[..., None]) -> None:
    production = {"environment": Environment.PRODUCTION, "mail_url": "smtp://mail.example"}
    with_settings(**production)
    assert client.post(PATH, json={"body": "x"}).status_code == 404
    with_settings(**production, widget_test_page=True)
    assert client.post(PATH, json={"body": "x"}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": 7}, {"body": "x", "url": "y"}, {"body": "x" * 500_001}])
def test_refuses_bad_input(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post(PATH, json=body).status_code == 422


def test_refuses_other_types(client: FlaskClient) -> None:
    assert client.post(PATH, data="x", content_type="text/html").status_code == 415


_ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.mark.parametrize(
    "path", ["/v1/lead/register", "/v1/lead/refresh", "/v1/conversation", "/v1/message/x/feedback"]
)
def test_the_widget_may_call_from_it(client: FlaskClient, path: str) -> None:
    answer = client.options(path, headers={"Origin": "null", **_ASKED})
    assert answer.headers["Access-Control-Allow-Origin"] == "null"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/user/profile", "/v1/auth/login", "/v1/agent", "/openapi.json"])
def test_nothing_else_may_be_called_from_it(client: FlaskClient, path: str) -> None:
    answer = client.options(path, headers={"Origin": "null", **_ASKED})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_it_nobody_without_an_origin_may(app_with: Callable[..., Flask]) -> None:
    urls = {"public_url": "https://frontdesk.test", "mail_url": "smtp://mail.example"}
    client = app_with(environment=Environment.PRODUCTION, **urls).test_client()
    answer = client.options("/v1/lead/register", headers={"Origin": "null", **_ASKED})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_origins_that_may_still_may(app_with: Callable[..., Flask]) -> None:
    client = app_with(cors_origins=("https://shop.example",)).test_client()
    for path in ("/v1/lead/register", "/v1/user/profile"):
        answer = client.options(path, headers={"Origin": "https://shop.example", **_ASKED})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
