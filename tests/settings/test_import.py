"""POST /v1/providers/bulk-import."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import all_of, audited, count, now_in
from tests.settings.conftest import CLOUD, KEY, Arrange, Shelf

PATH = "/v1/providers/bulk-import"
NEW = {
    "name": "New",
    "type": "openai",
    "models": [
        {"name": "One", "type": "chat", "input_price": 1.5},
        {"name": "Two", "type": "embedding", "provider_model_id": "two-2", "embedding_dimension": 4},
    ],
}


def post(client: FlaskClient, cast: Cast, *providers: dict[str, Any], **body: Any) -> Any:
    return client.post(PATH, json={"providers": providers, **body}, headers=cast.alice.headers)


def outcomes(answer: Any) -> list[Any]:
    return [
        (provider["outcome"], [model["outcome"] for model in provider["models"]])
        for provider in answer.json["providers"]
    ]


def test_makes_what_is_new(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = post(client, cast, NEW, {"name": "Empty", "type": "anthropic"})
    assert answer.status_code == 200
    assert outcomes(answer) == [("created", ["created", "created"]), ("created", [])]
    assert answer.json["created"] == {"providers": 2, "models": 2}
    assert answer.json["skipped"] == {"providers": 0, "models": 0}
    one, two = all_of(database, ProviderModel)
    assert (one.provider_model_id, two.provider_model_id, two.embedding_dimension) == ("One", "two-2", 4)
    assert [model["id"] for model in answer.json["providers"][0]["models"]] == [str(one.id), str(two.id)]
    entry = audited(database, "providers_imported")
    assert (entry.risk_level, entry.after and entry.after["names"]) == ("low", ["New", "Empty"])


def test_changes_nothing_that_is_there(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    wanted = {
        "name": "CLOUD",
        "type": "openai_compatible",
        "description": "Other",
        "models": [
            {"name": "Chat", "provider_model_id": "chat-1", "type": "chat", "input_price": 99},
            NEW["models"][0],
        ],
    }
    answer = post(client, cast, wanted)
    assert outcomes(answer) == [("skipped", ["skipped", "created"])]
    assert answer.json["providers"][0]["id"] == str(shelf.provider)
    assert now_in(database, Provider, shelf.provider).description is None
    assert now_in(database, ProviderModel, shelf.chat).input_price == 2


def test_changes_what_is_there_when_told_so(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf) -> None:
    models = [
        {"name": "Chat", "provider_model_id": "chat-1", "type": "chat", "input_price": 99},
        {"name": "Embed", "provider_model_id": "embed-1", "type": "embedding"},
    ]
    wanted = {"name": "cloud", "type": "openai_compatible", "models": models}
    answer = post(client, cast, wanted, mode="update")
    assert outcomes(answer) == [("updated", ["updated", "skipped"])]
    assert now_in(database, Provider, shelf.provider).name == "cloud"
    assert now_in(database, ProviderModel, shelf.chat).input_price == 99
    assert audited(database, "providers_imported").risk_level == "high"


def test_does_nothing_twice(client: FlaskClient, database: Session, cast: Cast) -> None:
    for mode in ("skip", "update"):
        post(client, cast, NEW)
        again = post(client, cast, NEW, mode=mode)
        assert outcomes(again) == [("skipped", ["skipped", "skipped"])]
    assert (count(database, Provider), count(database, ProviderModel), count(database, AuditEntry)) == (1, 2, 1)


@pytest.mark.parametrize(
    ("bad", "wrong"),
    [
        ({"name": "X", "type": "telepathy"}, {"type"}),
        ({"name": "X", "type": "openai", "api_base_url": "http://10.0.0.1"}, {"api_base_url"}),
        ({"name": "NEW", "type": "openai"}, {"name"}),
        ({"name": "X", "type": "anthropic", "models": NEW["models"]}, {"models"}),
        ({"name": "X", "type": "openai", "models": [NEW["models"][0]] * 2}, {"models"}),
        ({"name": "X", "type": "openai", "models": [{"name": "One"}]}, {"models"}),
        ({"name": "X", "type": "openai", "x": 1}, {"x"}),
    ],
)
def test_takes_all_or_none(
    client: FlaskClient, database: Session, cast: Cast, bad: dict[str, Any], wrong: set[str]
) -> None:
    answer = post(client, cast, NEW, bad)
    assert (answer.status_code, set(answer.json["errors"]["providers"])) == (422, {"1"})
    assert set(answer.json["errors"]["providers"]["1"]) == wrong
    assert count(database, Provider) == 0


def test_says_which_model_is_wrong(client: FlaskClient, cast: Cast) -> None:
    answer = post(client, cast, {**NEW, "type": "anthropic"})
    assert answer.json["errors"] == {
        "providers": {"0": {"models": {"1": {"type": ["Providers of the type anthropic have no embedding models."]}}}}
    }


def test_moves_no_keys(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange) -> None:
    add_settings(shelf, llm_api_key=KEY)
    moved = {"name": "Cloud", "type": "openai_compatible", "api_base_url": "https://evil.example/v1"}
    answer = post(client, cast, NEW, moved, mode="update")
    assert (answer.status_code, answer.json["code"]) == (409, "keys_would_move")
    assert list(answer.json["errors"]["providers"]) == ["1"]
    resized = {"name": "Embed", "provider_model_id": "embed-1", "type": "embedding", "embedding_dimension": 4}
    answer = post(client, cast, {"name": "Cloud", "type": "openai_compatible", "models": [resized]}, mode="update")
    assert (answer.status_code, answer.json["code"]) == (409, "provider_in_use")
    assert (count(database, Provider), now_in(database, Provider, shelf.provider).api_base_url) == (1, CLOUD)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"providers": []},
        {"providers": [{"name": str(n), "type": "openai"} for n in range(51)]},
        {
            "providers": [
                {"name": str(n), "type": "openai", "models": [{"name": str(m), "type": "chat"} for m in range(251)]}
                for n in range(2)
            ]
        },
        {"providers": "all"},
    ],
    ids=["nothing", "none", "many providers", "many models", "text"],
)
def test_is_bounded(client: FlaskClient, cast: Cast, body: dict[str, Any]) -> None:
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["providers"])


def test_knows_two_modes(client: FlaskClient, cast: Cast) -> None:
    assert list(post(client, cast, NEW, mode="replace").json["errors"]) == ["mode"]
