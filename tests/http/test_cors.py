"""Pages of other origins may call the API from a browser where the operator says so, and never with cookies."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Cast

pytestmark = pytest.mark.slow  # most of them make a second application, since the origins are read once

SHOP, STRANGER = "https://shop.example", "https://stranger.example"
ASKING = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, content-type"}
PATH = "/v1/user/profile"


def _cors(headers: object) -> dict[str, str]:
    return {name: value for name, value in headers if name.startswith("Access-Control")}  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
def test_is_off_by_default(client: FlaskClient, method: str) -> None:
    answer = client.open(PATH, method=method, headers={"Origin": SHOP, **ASKING})
    assert _cors(answer.headers) == {}


@pytest.fixture
def shop(app_with: Callable[..., Flask], cast: Cast) -> FlaskClient:
    """A caller of an installation that allows one origin."""
    return app_with(cors_origins=(SHOP,)).test_client()


def test_answers_an_origin_that_may(shop: FlaskClient, cast: Cast) -> None:
    answer = shop.get(PATH, headers={**cast.alice.headers, "Origin": SHOP})
    assert answer.status_code == 200
    told = _cors(answer.headers)
    assert told["Access-Control-Allow-Origin"] == SHOP
    assert "X-Request-ID" in told["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in told
    assert answer.headers["X-Request-ID"]


def test_lets_a_page_read_a_refusal(shop: FlaskClient) -> None:
    answer = shop.get(PATH, headers={"Origin": SHOP})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, SHOP)


def test_answers_what_a_browser_asks_beforehand(shop: FlaskClient) -> None:
    answer = shop.options(PATH, headers={"Origin": SHOP, **ASKING})
    assert answer.status_code == 200
    told = _cors(answer.headers)
    assert told["Access-Control-Allow-Origin"] == SHOP
    assert "PUT" in told["Access-Control-Allow-Methods"]
    assert {each.strip().lower() for each in told["Access-Control-Allow-Headers"].split(",")} == {
        "authorization",
        "content-type",
    }
    assert told["Access-Control-Max-Age"] == "600"


def test_does_not_answer_another_origin(shop: FlaskClient) -> None:
    alike = (f"{SHOP}.stranger.example", "https://shop-example", "http://shop.example", f"{SHOP}:8443", f"{SHOP}/")
    for origin in (STRANGER, "null", *alike):
        for method in ("GET", "OPTIONS"):
            answer = shop.open(PATH, method=method, headers={"Origin": origin, **ASKING})
            assert "Access-Control-Allow-Origin" not in answer.headers, origin


def test_any_origin_may_where_the_operator_says_so(app_with: Callable[..., Flask], cast: Cast) -> None:
    client = app_with(cors_origins=("*",)).test_client()
    told = _cors(client.get(PATH, headers={**cast.alice.headers, "Origin": STRANGER}).headers)
    assert told["Access-Control-Allow-Origin"] in {"*", STRANGER}
    assert "Access-Control-Allow-Credentials" not in told


@pytest.mark.parametrize(("proxies", "told"), [(0, 2), (1, 5)])
def test_callers_are_told_apart_by_what_a_trusted_proxy_says(
    app_with: Callable[..., Flask], cast: Cast, proxies: int, told: int
) -> None:
    client = app_with(trusted_proxies=proxies, rate_limit_authentication=2).test_client()
    answers = [
        client.post("/v1/auth/login", json={}, headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(5)
    ]
    assert sum(answer.status_code == 422 for answer in answers) == told
