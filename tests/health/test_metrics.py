"""GET /metrics."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.config import Environment
from tests.cast import Cast

PATH = "/metrics"

WithSettings = Callable[..., None]


def test_shows_the_metrics_in_prometheus_format(client: FlaskClient, cast: Cast) -> None:
    client.get(f"/v1/user/{cast.bob.id}", headers=cast.alice.headers)
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert 'frontdesk_http_request_seconds_count{method="GET",route="/v1/user/<uuid:user_id>"' in answer.text
    assert "frontdesk_usage_records_dropped_total" in answer.text


def test_gives_unknown_addresses_and_methods_one_name(client: FlaskClient) -> None:
    client.open("/v1/secret-path", method="BREW")
    answer = client.get(PATH)
    assert 'method="OTHER",route="unmatched"' in answer.text
    assert "secret-path" not in answer.text
    assert "BREW" not in answer.text


def test_names_nobody(client: FlaskClient, cast: Cast) -> None:
    client.get("/v1/company", headers=cast.alice.headers)
    answer = client.get(PATH)
    assert str(cast.acme) not in answer.text
    assert str(cast.alice.id) not in answer.text


def test_opens_with_the_token(client: FlaskClient, with_settings: WithSettings) -> None:
    with_settings(metrics_token="scrape me")
    assert client.get(PATH, headers={"Authorization": "Bearer scrape me"}).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Bearer é", "scrape me", "Basic c2NyYXBlIG1l"])
def test_hides_without_the_token(client: FlaskClient, with_settings: WithSettings, header: str) -> None:
    with_settings(metrics_token="scrape me")
    answer = client.get(PATH, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json["code"]) == (404, "resource_not_found")


def test_hides_in_production_unless_there_is_a_token(client: FlaskClient, with_settings: WithSettings) -> None:
    production = {"environment": Environment.PRODUCTION, "mail_url": "smtp://mail.example"}
    with_settings(**production)
    assert client.get(PATH).status_code == 404
    with_settings(**production, metrics_token="scrape me")
    assert client.get(PATH, headers={"Authorization": "Bearer scrape me"}).status_code == 200
