"""PUT /v1/settings/<settings_id>."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.audit_entry import AuditEntry
from app.models.llm_settings import LlmSettings
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import audited, change, count, now_in
from tests.settings.conftest import CLOUD, KEY, MASKED, Arrange, Shelf, Stock


@pytest.fixture
def settings_id(shelf: Shelf, add_settings: Arrange) -> UUID:
    """Acme's settings, with a key for chats."""
    return add_settings(shelf, llm_api_key=KEY, llm_temperature=0.5)


def put(client: FlaskClient, cast: Cast, settings_id: UUID, body: dict[str, Any]) -> Any:
    return client.put(f"/v1/settings/{settings_id}", json=body, headers=cast.alice.headers)


def test_changes_the_given_fields_only(client: FlaskClient, database: Session, cast: Cast, settings_id: UUID) -> None:
    answer = put(client, cast, settings_id, {"llm_temperature": None, "llm_max_tokens": 100})
    assert (answer.status_code, answer.json["llm_temperature"], answer.json["llm_max_tokens"]) == (200, None, 100)
    row = now_in(database, LlmSettings, settings_id)
    assert (row.llm_temperature, row.llm_max_tokens, row.llm_api_key) == (None, 100, KEY)


def test_audits_before_and_after(client: FlaskClient, database: Session, cast: Cast, settings_id: UUID) -> None:
    put(client, cast, settings_id, {"llm_temperature": 1, "llm_api_key": "sk-another-key-0001"})
    entry = audited(database, "settings_changed")
    assert (entry.before, entry.after) == (
        {"llm_temperature": 0.5, "llm_api_key": "***"},
        {"llm_temperature": 1.0, "llm_api_key": "***"},
    )
    assert (entry.risk_level, entry.entity_id) == ("high", str(settings_id))


def test_leaves_a_masked_key(client: FlaskClient, database: Session, cast: Cast, settings_id: UUID) -> None:
    read = client.get(f"/v1/settings/{settings_id}", headers=cast.alice.headers).json
    assert read["llm_api_key"] == MASKED
    editable = {name: value for name, value in read.items() if name not in {"id", "created_at", "updated_at"}}
    answer = put(client, cast, settings_id, editable)
    assert (answer.status_code, answer.json) == (200, read)
    assert now_in(database, LlmSettings, settings_id).llm_api_key == KEY
    assert count(database, AuditEntry) == 0


@pytest.mark.parametrize(("sent", "stored"), [(None, None), ("sk-new-key-12345678", "sk-new-key-12345678")])
def test_replaces_and_removes_a_key(
    client: FlaskClient, database: Session, cast: Cast, settings_id: UUID, sent: str | None, stored: str | None
) -> None:
    assert put(client, cast, settings_id, {"llm_api_key": sent}).status_code == 200
    assert now_in(database, LlmSettings, settings_id).llm_api_key == stored


def test_takes_no_other_masked_key(client: FlaskClient, cast: Cast, settings_id: UUID) -> None:
    answer = put(client, cast, settings_id, {"llm_api_key": "sk-…0000"})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_api_key"])


def test_sends_no_stored_key_elsewhere(client: FlaskClient, database: Session, cast: Cast, settings_id: UUID) -> None:
    elsewhere = {"llm_api_base_url": "https://evil.example/v1"}
    answer = put(client, cast, settings_id, elsewhere)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_api_key"])
    assert put(client, cast, settings_id, {**elsewhere, "llm_api_key": MASKED}).status_code == 422
    assert now_in(database, LlmSettings, settings_id).llm_api_base_url is None
    assert put(client, cast, settings_id, {"llm_api_base_url": CLOUD + "/"}).status_code == 200  # the same
    assert put(client, cast, settings_id, {**elsewhere, "llm_api_key": KEY[::-1]}).status_code == 200


def test_sends_a_key_elsewhere_for_who_knows_it(
    client: FlaskClient, database: Session, cast: Cast, settings_id: UUID
) -> None:
    moved = {"llm_api_base_url": "https://proxy.example/v1", "llm_api_key": KEY}
    assert put(client, cast, settings_id, moved).status_code == 200
    row = now_in(database, LlmSettings, settings_id)
    assert (row.llm_api_base_url, row.llm_api_key) == (moved["llm_api_base_url"], KEY)


def test_sends_no_stored_key_to_another_provider(
    client: FlaskClient, cast: Cast, settings_id: UUID, stock: Stock
) -> None:
    other = stock(cast.acme, name="Other", api_base_url="https://other.example/v1")
    body = {"llm_provider_id": str(other.provider), "llm_model_id": str(other.chat)}
    assert list(put(client, cast, settings_id, body).json["errors"]) == ["llm_api_key"]
    assert put(client, cast, settings_id, {**body, "llm_api_key": None}).status_code == 200


def test_moves_the_default(
    client: FlaskClient, database: Session, cast: Cast, settings_id: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    old = add_settings(shelf, is_default=True)
    assert put(client, cast, settings_id, {"is_default": True}).json["is_default"] is True
    assert [now_in(database, LlmSettings, each).is_default for each in (old, settings_id)] == [False, True]


def test_moves_default_settings_to_an_agent(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    ronda = add_agent(cast.acme)
    company, own = add_settings(shelf, is_default=True), add_settings(shelf, agent_id=ronda, is_default=True)
    assert put(client, cast, company, {"agent_id": str(ronda)}).status_code == 200
    assert [now_in(database, LlmSettings, each).is_default for each in (company, own)] == [True, False]


def test_knows_no_circle(
    client: FlaskClient, cast: Cast, settings_id: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    second = add_settings(shelf, fallback_settings_id=settings_id)
    third = add_settings(shelf, fallback_settings_id=second)
    for each in (settings_id, second, third):
        answer = put(client, cast, settings_id, {"fallback_settings_id": str(each)})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["fallback_settings_id"])


def test_counts_what_falls_back_to_it(
    client: FlaskClient, cast: Cast, settings_id: UUID, shelf: Shelf, add_settings: Arrange
) -> None:
    above = settings_id
    for _ in range(2):
        above = add_settings(shelf, fallback_settings_id=above)
    one = add_settings(shelf)
    two = add_settings(shelf, fallback_settings_id=one)
    assert put(client, cast, settings_id, {"fallback_settings_id": str(two)}).status_code == 422
    assert put(client, cast, settings_id, {"fallback_settings_id": str(one)}).status_code == 200


def test_keeps_what_was_switched_off_since(
    client: FlaskClient, database: Session, cast: Cast, settings_id: UUID, shelf: Shelf
) -> None:
    change(database, ProviderModel, shelf.chat, status="inactive")
    assert put(client, cast, settings_id, {"llm_max_tokens": 5}).status_code == 200


def test_has_agents_follow(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    ronda = add_agent(cast.acme)
    settings_id = add_settings(shelf)
    put(client, cast, settings_id, {"is_default": True})
    assert (now_in(database, Agent, ronda).embedding_space or "").startswith("openai_compatible/embed-1/8@")
    client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers)
    assert now_in(database, Agent, ronda).embedding_space == "builtin/multilingual-e5-small-use/512"


@pytest.mark.parametrize("body", [{"llm_temperature": 3}, {"llm_provider_id": None}, {"widget_config": 1}, {"x": 1}])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, settings_id: UUID, body: dict[str, Any]) -> None:
    answer = put(client, cast, settings_id, body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
