"""POST, GET, PUT and DELETE of /v1/providers/<provider_id>/models and a single one."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import audited, change, count, now_in
from tests.settings.conftest import Arrange, Shelf, Stock


@pytest.fixture
def path(shelf: Shelf) -> str:
    return f"/v1/providers/{shelf.provider}/models"


def test_makes_a_model(client: FlaskClient, database: Session, cast: Cast, path: str) -> None:
    body = {
        "name": "Big",
        "provider_model_id": "big-2",
        "type": "embedding",
        "context_window": 8191,
        "input_price": 0.0000015,
        "output_price": 12,
        "currency": "EUR",
        "embedding_dimension": 1536,
        "status": "inactive",
    }
    answer = client.post(path, json=body, headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{path}/{answer.json['id']}"
    assert {name: answer.json[name] for name in body} == {**body, "input_price": 0.000002}
    assert client.get(answer.headers["Location"], headers=cast.bob.headers).json == answer.json
    assert now_in(database, ProviderModel, UUID(answer.json["id"])).output_price == Decimal(12)
    assert audited(database, "provider_model_created").entity_id == answer.json["id"]


def test_is_called_by_its_name(client: FlaskClient, cast: Cast, path: str) -> None:
    answer = client.post(path, json={"name": "gpt-9", "type": "chat"}, headers=cast.alice.headers)
    told = {name: answer.json[name] for name in ("provider_model_id", "currency", "input_price", "status")}
    assert told == {"provider_model_id": "gpt-9", "currency": "USD", "input_price": None, "status": "active"}


def test_is_unique_by_id_and_type(client: FlaskClient, cast: Cast, path: str, shelf: Shelf) -> None:
    body = {"name": "Again", "provider_model_id": "chat-1", "type": "chat"}
    answer = client.post(path, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "model_exists")
    other = client.post(path, json={**body, "type": "embedding"}, headers=cast.alice.headers)
    assert other.status_code == 201
    change = {"provider_model_id": "embed-1"}
    answer = client.put(f"{path}/{other.json['id']}", json=change, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "model_exists")


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("openai", {"type": "chat", "embedding_dimension": 8}, "embedding_dimension"),
        ("anthropic", {"type": "embedding"}, "type"),
        ("fake", {"type": "embedding"}, "type"),
        ("builtin", {"type": "chat"}, "provider_model_id"),
        ("builtin", {"type": "embedding", "provider_model_id": "builtin/extractive"}, "provider_model_id"),
    ],
)
def test_fits_its_provider(
    client: FlaskClient, cast: Cast, stock: Stock, kind: str, body: dict[str, Any], field: str
) -> None:
    path = f"/v1/providers/{stock(cast.acme, name=kind, type=kind).provider}/models"
    answer = client.post(path, json={"name": "New", **body}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize(
    "extra",
    [{"name": ""}, {"type": "smell"}, {"currency": "usd"}, {"status": "x"}, {"provider_model_id": ""}, {"id": "7"}]
    + [{"context_window": value} for value in (0, -1, 1.5, 10**12)]
    + [{"input_price": value} for value in (-0.1, 1_000_001, "NaN", 1e300, "much")]
    + [{"embedding_dimension": value} for value in (0, 4001, 1.5)],
    ids=str,
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, path: str, shelf: Shelf, extra: dict[str, Any]) -> None:
    body = {"name": "New", "type": "embedding", **extra}
    for answer in (
        client.post(path, json=body, headers=cast.alice.headers),
        client.put(f"{path}/{shelf.embedding}", json=extra, headers=cast.alice.headers),
    ):
        assert (answer.status_code, list(answer.json["errors"])) == (422, list(extra))


def test_lists_chat_models_first(client: FlaskClient, cast: Cast, path: str, stock: Stock) -> None:
    stock(cast.acme, name="Other")
    client.post(path, json={"name": "Another", "type": "chat"}, headers=cast.alice.headers)
    answer = client.get(path, headers=cast.bob.headers)
    assert [item["name"] for item in answer.json["items"]] == ["Another", "Chat", "Embed"]
    assert client.get(f"{path}?per_page=1&page=3", headers=cast.bob.headers).json["items"][0]["name"] == "Embed"


def test_belongs_to_its_provider(client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock) -> None:
    other = stock(cast.acme, name="Other")
    path = f"/v1/providers/{other.provider}/models/{shelf.chat}"
    assert client.get(path, headers=cast.alice.headers).status_code == 404
    assert client.put(path, json={}, headers=cast.alice.headers).status_code == 404
    assert client.delete(path, headers=cast.alice.headers).status_code == 404


def test_changes_the_given_fields(client: FlaskClient, database: Session, cast: Cast, path: str, shelf: Shelf) -> None:
    body = {"input_price": 3, "context_window": None}
    answer = client.put(f"{path}/{shelf.chat}", json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["input_price"], answer.json["output_price"]) == (200, 3.0, 8.0)
    assert audited(database, "provider_model_changed").after == {"input_price": "3.000000"}


@pytest.mark.parametrize("change_", [{"embedding_dimension": 16}, {"type": "chat", "embedding_dimension": None}])
def test_stays_what_settings_were_checked_against(
    client: FlaskClient, cast: Cast, path: str, shelf: Shelf, add_settings: Arrange, change_: dict[str, Any]
) -> None:
    model = f"{path}/{shelf.embedding}"
    assert client.put(model, json=change_, headers=cast.alice.headers).status_code == 200
    undo = {"type": "embedding", "embedding_dimension": 8}
    assert client.put(model, json=undo, headers=cast.alice.headers).status_code == 200
    add_settings(shelf)
    answer = client.put(model, json=change_, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "provider_in_use")


def test_has_agents_follow(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    path: str,
    shelf: Shelf,
    add_settings: Arrange,
    add_agent: Arrange,
) -> None:
    ronda = add_agent(cast.acme)
    add_settings(shelf, is_default=True)
    change(database, Agent, ronda, embedding_space="openai_compatible/embed-1/8@be60e85b")
    client.put(f"{path}/{shelf.embedding}", json={"provider_model_id": "embed-2"}, headers=cast.alice.headers)
    assert now_in(database, Agent, ronda).embedding_space == "openai_compatible/embed-2/8@be60e85b"


def test_deletes_a_model(client: FlaskClient, database: Session, cast: Cast, path: str, shelf: Shelf) -> None:
    assert client.delete(f"{path}/{shelf.chat}", headers=cast.alice.headers).status_code == 204
    assert count(database, ProviderModel) == 1
    assert audited(database, "provider_model_deleted").before == {"name": "Chat", "provider_model_id": "chat-1"}
