"""POST /v1/settings."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import audited, change, count, now_in
from tests.settings.conftest import KEY, MASKED, Arrange, Shelf, Stock

PATH = "/v1/settings"


def test_makes_settings(client: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    body = {
        **shelf.body,
        "llm_api_key": KEY,
        "llm_api_base_url": "https://other.acme.example/v1",
        "llm_temperature": 0.2,
        "llm_max_tokens": 800,
        "llm_additional_params": {"top_p": 0.9},
        "embedding_api_key": "short",
        "embedding_additional_params": {"input_type": "passage"},
        "widget_script_url": "https://cdn.acme.example/widget.js",
        "widget_config": {"position": "left", "texts": {"en": {"title": "Acme"}}},
        "is_default": True,
    }
    answer = client.post(PATH, json=body, headers=cast.key(cast.alice, "write"))
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/{answer.json['id']}"
    masked = {"llm_api_key": MASKED, "embedding_api_key": "…"}
    assert {name: answer.json[name] for name in body} == {**body, **masked}
    assert client.get(answer.headers["Location"], headers=cast.bob.headers).json == answer.json


def test_needs_four_ids_only(client: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    answer = client.post(PATH, json=shelf.body, headers=cast.bob.headers)
    assert answer.status_code == 201
    told = {name: answer.json[name] for name in ("agent_id", "llm_api_key", "llm_additional_params", "is_default")}
    assert told == {"agent_id": None, "llm_api_key": None, "llm_additional_params": {}, "is_default": False}


def test_shows_no_key_anywhere(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    body = {**shelf.body, "llm_api_key": KEY, "embedding_api_key": KEY}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    row = now_in(database, LlmSettings, UUID(answer.json["id"]))
    assert (row.llm_api_key, row.embedding_api_key) == (KEY, KEY)
    stored = " ".join(database.execute(text("SELECT row_to_json(s)::text FROM llm_settings s")).scalars())
    entries = " ".join(database.execute(text("SELECT row_to_json(a)::text FROM audit_entries a")).scalars())
    assert KEY not in answer.text + stored + entries


def test_audits_it(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    answer = client.post(PATH, json={**shelf.body, "llm_api_key": KEY}, headers=cast.alice.headers)
    entry = audited(database, "settings_created")
    assert (entry.entity_id, entry.actor_id, entry.risk_level) == (answer.json["id"], cast.alice.id, "medium")
    assert entry.after == {**shelf.body, "llm_api_key": "***"}


def test_moves_the_default(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    ronda = add_agent(cast.acme)
    old, own = add_settings(shelf, is_default=True), add_settings(shelf, agent_id=ronda, is_default=True)
    new = UUID(client.post(PATH, json={**shelf.body, "is_default": True}, headers=cast.alice.headers).json["id"])
    assert [now_in(database, LlmSettings, each).is_default for each in (old, own, new)] == [False, True, True]


def test_makes_settings_of_an_agent(client: FlaskClient, cast: Cast, shelf: Shelf, add_agent: Arrange) -> None:
    ronda = add_agent(cast.acme)
    answer = client.post(PATH, json={**shelf.body, "agent_id": str(ronda)}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["agent_id"]) == (201, str(ronda))


def test_does_it_once_for_one_key(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    headers = {**cast.alice.headers, "Idempotency-Key": "once"}
    first, again = (client.post(PATH, json=shelf.body, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert count(database, LlmSettings) == 1


def refused(client: FlaskClient, cast: Cast, body: dict[str, Any]) -> list[str]:
    """The fields that are wrong with a body."""
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    return list(answer.json["errors"])


@pytest.mark.parametrize("missing", ["llm_provider_id", "llm_model_id", "embedding_provider_id", "embedding_model_id"])
def test_needs_all_four(client: FlaskClient, cast: Cast, shelf: Shelf, missing: str) -> None:
    body = {name: value for name, value in shelf.body.items() if name != missing}
    assert refused(client, cast, body) == [missing]


@pytest.mark.parametrize("field", ["llm_provider_id", "llm_model_id", "embedding_provider_id", "embedding_model_id"])
def test_takes_nobody_else_s(client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock, field: str) -> None:
    assert field in refused(client, cast, {**shelf.body, field: str(uuid4())})
    assert field in refused(client, cast, {**shelf.body, field: stock(cast.globex).body[field]})


def test_takes_models_of_the_provider_only(client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock) -> None:
    other = stock(cast.acme, name="Other")
    assert refused(client, cast, {**shelf.body, "llm_model_id": str(other.chat)}) == ["llm_model_id"]


def test_takes_models_of_the_right_type_only(client: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    body = {**shelf.body, "llm_model_id": str(shelf.embedding), "embedding_model_id": str(shelf.chat)}
    assert refused(client, cast, body) == ["llm_model_id", "embedding_model_id"]


@pytest.mark.parametrize(
    ("model", "which", "wrong"),
    [
        (Provider, "provider", ["llm_provider_id", "embedding_provider_id"]),
        (ProviderModel, "chat", ["llm_model_id"]),
        (ProviderModel, "embedding", ["embedding_model_id"]),
    ],
)
def test_takes_nothing_inactive(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, model: Any, which: str, wrong: list[str]
) -> None:
    change(database, model, getattr(shelf, which), status="inactive")
    assert refused(client, cast, shelf.body) == wrong


@pytest.mark.parametrize(
    ("kind", "url", "extra", "wrong"),
    [
        ("openai", None, {}, ["llm_api_key", "embedding_api_key"]),
        ("openai", None, {"llm_api_key": "a", "embedding_api_key": "b"}, None),
        ("openai", "https://gateway.acme.example", {}, None),
        ("openai", None, {"llm_api_base_url": "https://gateway.acme.example", "embedding_api_key": "b"}, None),
        ("openai_compatible", None, {}, ["llm_api_base_url", "embedding_api_base_url"]),
    ],
)
def test_needs_a_key_or_an_address(
    client: FlaskClient, cast: Cast, stock: Stock, kind: str, url: str | None, extra: dict[str, str], wrong: Any
) -> None:
    body = {**stock(cast.acme, name="Vendor", type=kind, api_base_url=url).body, **extra}
    if wrong:
        assert refused(client, cast, body) == wrong
    else:
        assert client.post(PATH, json=body, headers=cast.alice.headers).status_code == 201


def test_knows_how_hot_anthropic_may_be(client: FlaskClient, database: Session, cast: Cast, stock: Stock) -> None:
    claude, cloud = stock(cast.acme, name="A", type="anthropic"), stock(cast.acme)
    body = {**cloud.body, "llm_provider_id": str(claude.provider), "llm_model_id": str(claude.chat)}
    assert refused(client, cast, {**body, "llm_temperature": 1.1}) == ["llm_temperature"]


@pytest.mark.parametrize(
    ("model", "own", "wanted", "fine"),
    [
        ("embed-1", 8, 8, True),
        ("embed-1", 8, 4, False),
        ("embed-1", 8, 16, False),
        ("embed-1", None, None, False),
        ("embed-1", None, 16, True),
        ("text-embedding-3-small", 1536, 512, True),
        ("text-embedding-3-small", 1536, 3072, False),
    ],
)
def test_knows_which_dimensions_a_model_has(
    client: FlaskClient, database: Session, cast: Cast, stock: Stock, model: str, own: Any, wanted: Any, fine: bool
) -> None:
    shelf = stock(cast.acme, embedding=model)
    change(database, ProviderModel, shelf.embedding, embedding_dimension=own)
    body = {**shelf.body, "embedding_dimension": wanted}
    if fine:
        assert client.post(PATH, json=body, headers=cast.alice.headers).status_code == 201
    else:
        assert refused(client, cast, body) == ["embedding_dimension"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://169.254.169.254/latest"])
def test_leads_nowhere_inside(
    client: FlaskClient, cast: Cast, shelf: Shelf, with_settings: Callable[..., None], url: str
) -> None:
    for field in ("llm_api_base_url", "embedding_api_base_url"):
        assert refused(client, cast, {**shelf.body, field: url}) == [field]
    with_settings(allowed_networks=("127.0.0.0/8", "169.254.0.0/16"))
    assert client.post(PATH, json={**shelf.body, field: url}, headers=cast.alice.headers).status_code == 201


def test_falls_back_to_settings_of_the_company_only(
    client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock, add_settings: Arrange
) -> None:
    foreign = add_settings(stock(cast.globex))
    for each in (foreign, uuid4()):
        body = {**shelf.body, "fallback_settings_id": str(each)}
        assert refused(client, cast, body) == ["fallback_settings_id"]


def test_falls_back_three_times_at_most(client: FlaskClient, cast: Cast, shelf: Shelf, add_settings: Arrange) -> None:
    last = add_settings(shelf)
    for _ in range(2):
        last = add_settings(shelf, fallback_settings_id=last)
    fourth = client.post(PATH, json={**shelf.body, "fallback_settings_id": str(last)}, headers=cast.alice.headers)
    assert fourth.status_code == 201
    assert refused(client, cast, {**shelf.body, "fallback_settings_id": fourth.json["id"]}) == ["fallback_settings_id"]


def test_takes_no_agent_of_others(client: FlaskClient, cast: Cast, shelf: Shelf, add_agent: Arrange) -> None:
    for each in (add_agent(cast.globex), uuid4()):
        assert refused(client, cast, {**shelf.body, "agent_id": str(each)}) == ["agent_id"]


WIDE = {"a": "x" * 25_000}
BAD = (
    [{"llm_temperature": value} for value in (-0.1, 2.1, "NaN", "hot")]
    + [{"llm_max_tokens": value} for value in (0, -1, 200_001, 1.5, "many")]
    + [
        {"llm_additional_params": value}
        for value in (
            [],
            None,
            WIDE,
            {"model": "x"},
            {"STREAM": False},
            {"tools": []},
            {"extra_headers": {}},
            {"a": 1e300},
        )
    ]
    + [
        {"embedding_additional_params": {"input": "x"}},
        {"widget_config": {"unknown": 1}},
        {"widget_config": {"allowed_domains": ["acme.example; script-src *"]}},
        {"widget_config": []},
        {"widget_script_url": "javascript:alert(1)"},
    ]
    + [
        {"llm_api_base_url": value}
        for value in (
            "ftp://a.example",
            "https://u:p@a.example",
            "https://a.example?x=1",
            "https://a.example/#f",
            "no",
            7,
            "http://[::1",
            "https://[x]/v1",
            "http://\u2100.example",
            "https://a.example:99999",
        )
    ]
    + [{"widget_script_url": value} for value in ("http://[::1", "http://]")]
    + [{"llm_api_key": value} for value in ("", "a b", "a\nb", "ключ", "x" * 501, MASKED)]
    + [{"embedding_dimension": value} for value in (0, 4001, 1.5, "8")]
    + [{"is_default": "perhaps"}, {"llm_provider_id": "7"}, {"company_id": "7"}, {"id": "7"}]
)


@pytest.mark.parametrize("extra", BAD, ids=lambda extra: next(iter(extra)))
def test_refuses_bad_values(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, extra: dict[str, Any]
) -> None:
    assert refused(client, cast, {**shelf.body, **extra}) == list(extra)
    assert count(database, LlmSettings) == 0
