"""POST, GET, PUT and DELETE of /v1/providers and /v1/providers/<provider_id>."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Environment
from app.models.agent import Agent
from app.models.audit_entry import AuditEntry
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import audited, count, now_in
from tests.settings.conftest import CLOUD, KEY, Arrange, Shelf, Stock

PATH = "/v1/providers"


def test_makes_a_provider(client: FlaskClient, database: Session, cast: Cast) -> None:
    body = {
        "name": "Cloud",
        "type": "openai_compatible",
        "description": "Ours",
        "api_base_url": CLOUD,
        "pricing": {"note": "cheap"},
        "status": "inactive",
    }
    answer = client.post(PATH, json=body, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
    assert {name: answer.json[name] for name in body} == body
    assert client.get(answer.headers["Location"], headers=cast.bob.headers).json == answer.json
    entry = audited(database, "provider_created")
    assert (entry.entity_id, entry.after) == (answer.json["id"], body)


def test_needs_name_and_type_only(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json={"name": "X", "type": "openai"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["status"], answer.json["pricing"]) == (201, "active", {})


def test_names_are_unique_in_a_company(client: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    body = {"name": "CLOUD", "type": "openai"}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "provider_exists")
    assert client.post(PATH, json=body, headers=cast.charlie.headers).status_code == 201


def test_is_scripted_in_development_only(client: FlaskClient, cast: Cast, with_settings: Callable[..., None]) -> None:
    body = {"name": "Fake", "type": "fake"}
    with_settings(environment=Environment.PRODUCTION, mail_url="smtp://mail.example")
    refused = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["type"])
    with_settings(environment=Environment.TEST)
    assert client.post(PATH, json=body, headers=cast.alice.headers).status_code == 201


@pytest.mark.parametrize(
    "extra",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"type": "telepathy"},
        {"status": "asleep"},
        {"pricing": []},
        {"pricing": {"a": "x" * 11_000}},
        {"api_base_url": "ftp://a.example"},
        {"api_base_url": "https://u:p@a.example"},
        {"api_base_url": "https://a.example?key=1"},
        {"api_base_url": "http://10.0.0.1/v1"},
        {"api_base_url": "http://\u2100.example"},
        {"company_id": "7"},
    ],
    ids=str,
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, shelf: Shelf, extra: dict[str, Any]) -> None:
    body = {"name": "X", "type": "openai", **extra}
    for answer in (
        client.post(PATH, json=body, headers=cast.alice.headers),
        client.put(f"{PATH}/{shelf.provider}", json=extra, headers=cast.alice.headers),
    ):
        assert (answer.status_code, list(answer.json["errors"])) == (422, list(extra))


def test_lists_providers_by_name(client: FlaskClient, cast: Cast, stock: Stock) -> None:
    for name in ("beta", "Alpha", "gamma"):
        stock(cast.acme, name=name)
    stock(cast.globex, name="aardvark")
    answer = client.get(f"{PATH}?per_page=2", headers=cast.bob.headers)
    assert [item["name"] for item in answer.json["items"]] == ["Alpha", "beta"]
    assert answer.json["pagination"]["total"] == 3


def test_changes_the_given_fields(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    body = {"name": "cloud", "api_base_url": "https://new.example/v1"}
    answer = client.put(f"{PATH}/{shelf.provider}", json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["name"], answer.json["type"]) == (200, "cloud", "openai_compatible")
    entry = audited(database, "provider_changed")
    assert (entry.before, entry.after) == ({"name": "Cloud", "api_base_url": CLOUD}, body)
    assert entry.risk_level == "high"


def test_changes_nothing_without_a_difference(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    assert client.put(f"{PATH}/{shelf.provider}", json={"name": "Cloud"}, headers=cast.alice.headers).status_code == 200
    assert count(database, AuditEntry) == 0


def test_takes_no_name_of_another(client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock) -> None:
    stock(cast.acme, name="Other")
    answer = client.put(f"{PATH}/{shelf.provider}", json={"name": "other"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "provider_exists")


def test_sends_no_stored_key_elsewhere(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange
) -> None:
    add_settings(shelf, llm_api_key=KEY)
    add_settings(shelf, llm_api_key=KEY, llm_api_base_url="https://own.example/v1")
    path = f"{PATH}/{shelf.provider}"
    answer = client.put(path, json={"api_base_url": "https://evil.example/v1"}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "keys_would_move")
    assert "1 record of settings" in answer.json["detail"]
    assert now_in(database, Provider, shelf.provider).api_base_url == CLOUD
    assert client.put(path, json={"api_base_url": CLOUD + "/"}, headers=cast.alice.headers).status_code == 200


def test_speaks_no_other_protocol_while_it_is_used(
    client: FlaskClient, cast: Cast, shelf: Shelf, add_settings: Arrange
) -> None:
    path = f"{PATH}/{shelf.provider}"
    settings_id = add_settings(shelf)
    refused = client.put(path, json={"type": "openai"}, headers=cast.alice.headers)
    assert (refused.status_code, refused.json["code"]) == (409, "provider_in_use")
    client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers)
    assert client.put(path, json={"type": "openai"}, headers=cast.alice.headers).status_code == 200
    unfit = client.put(path, json={"type": "anthropic"}, headers=cast.alice.headers)
    assert (unfit.status_code, unfit.json["code"]) == (409, "conflict")


def test_has_agents_follow(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    ronda: UUID = add_agent(cast.acme)
    add_settings(shelf, is_default=True)
    client.put(f"{PATH}/{shelf.provider}", json={"status": "inactive"}, headers=cast.alice.headers)
    assert now_in(database, Agent, ronda).embedding_space == "builtin/multilingual-e5-small-use/512"


def test_deletes_a_provider_with_its_models(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    answer = client.delete(f"{PATH}/{shelf.provider}", headers=cast.alice.headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert (count(database, Provider), count(database, ProviderModel)) == (0, 0)
    assert audited(database, "provider_deleted").before == {"name": "Cloud", "type": "openai_compatible"}


@pytest.mark.parametrize(("uses", "told"), [(1, "1 record of settings uses it"), (2, "2 settings use it")])
def test_deletes_nothing_that_is_used(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, uses: int, told: str
) -> None:
    for _ in range(uses):
        add_settings(shelf)
    for path in (
        f"{PATH}/{shelf.provider}",
        *(f"{PATH}/{shelf.provider}/models/{each}" for each in (shelf.chat, shelf.embedding)),
    ):
        answer = client.delete(path, headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (409, "provider_in_use")
        assert told in answer.json["detail"]
    assert (count(database, Provider), count(database, ProviderModel)) == (1, 2)
