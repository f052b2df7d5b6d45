"""GET /v1/config."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from app.config import runtime_names
from tests.cast import Cast, Headers

PATH = "/v1/config"


def entries(client: FlaskClient, headers: Headers, **query: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The whole configuration as somebody sees it, by scope and key."""
    answer = client.get(PATH, query_string={"per_page": 100, **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {(each["scope"], each["config_key"]): each for each in answer.json["items"]}


def put(client: FlaskClient, headers: Headers, key: str, value: Any, query: str = "", **more: Any) -> None:
    """Stores an entry."""
    body = {"config_key": key, "config_value": value, **more}
    answer = client.patch(PATH + query, json=body, headers=headers)
    assert answer.status_code == 200, answer.text


def test_lists_what_can_change_at_run_time(client: FlaskClient, cast: Cast) -> None:
    found = entries(client, cast.root.headers)
    assert {key for scope, key in found} == runtime_names()
    shown = found["platform", "allow_signup"]
    assert (shown["config_value"], shown["config_type"], shown["source"]) == (True, "bool", "environment")
    assert (shown["is_setting"], shown["updated_at"]) == (True, None)
    assert "secret_keys" not in str(found)


def test_shows_admins_the_platforms_and_their_own(client: FlaskClient, cast: Cast) -> None:
    put(client, cast.root.headers, "support_email", "help@frontdesk.example")
    put(client, cast.alice.headers, "theme", {"dark": True})
    put(client, cast.charlie.headers, "theme", "light")
    found = entries(client, cast.alice.headers)
    assert found["platform", "support_email"]["config_value"] == "help@frontdesk.example"
    assert found["company", "theme"]["config_value"] == {"dark": True}
    assert entries(client, cast.key(cast.alice, "admin")) == found
    assert ("company", "theme") not in entries(client, cast.root.headers)
    assert entries(client, cast.root.headers, company_id=cast.globex)["company", "theme"]["config_value"] == "light"


def test_shows_sensitive_entries_to_super_admins_alone_and_masked(client: FlaskClient, cast: Cast) -> None:
    put(client, cast.root.headers, "relay", "hush-platform", is_sensitive=True)
    put(client, cast.alice.headers, "crm", "hush-acme", is_sensitive=True)
    of_alice = entries(client, cast.alice.headers)
    assert not {("platform", "relay"), ("company", "crm")} & set(of_alice)
    of_root = entries(client, cast.root.headers, company_id=cast.acme)
    for place in (("platform", "relay"), ("company", "crm")):
        assert (of_root[place]["config_value"], of_root[place]["is_sensitive"]) == ("***", True)
    assert "hush" not in str(of_root) + str(of_alice)


def test_pages(client: FlaskClient, cast: Cast) -> None:
    answer = client.get(PATH, query_string={"page": 2, "per_page": 5}, headers=cast.alice.headers)
    names = [each["config_key"] for each in answer.json["items"]]
    assert names == sorted(runtime_names())[5:10]
    assert answer.json["pagination"]["total"] == len(runtime_names())


def test_refuses_anonymous_calls(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 401


def test_refuses_those_who_administer_nothing(
    client: FlaskClient, cast: Cast, refused: Callable[[], list[Headers]]
) -> None:
    for headers in refused():
        assert client.get(PATH, headers=headers).status_code == 403


def test_hides_another_company(client: FlaskClient, cast: Cast) -> None:
    for company_id in (cast.globex, uuid4()):
        assert client.get(f"{PATH}?company_id={company_id}", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize("query", [{"page": 0}, {"per_page": 101}, {"page": "x"}])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))
