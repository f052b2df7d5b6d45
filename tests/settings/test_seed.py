"""POST /v1/settings/providers/seed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.blueprints.settings.provider_schemas import ImportedProviderRequest
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.services.provider_seeds import seeds
from tests.cast import Cast
from tests.rows import all_of, change, count

PATH = "/v1/settings/providers/seed"


def test_adds_what_is_well_known(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, headers=cast.key(cast.alice, "write"))
    assert answer.status_code == 200
    assert answer.json["created"]["providers"] == len(seeds().providers) == count(database, Provider)
    assert answer.json["as_of"] == seeds().as_of
    builtin = {model.provider_model_id: model for model in all_of(database, ProviderModel)}
    local = builtin["multilingual-e5-small-use"]
    assert (local.embedding_dimension, local.input_price) == (512, Decimal(0))
    assert builtin["builtin/extractive"].type == "chat"


def test_can_be_done_again(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, headers=cast.alice.headers)
    before = count(database, Provider), count(database, ProviderModel)
    again = client.post(PATH, json={}, headers=cast.alice.headers)
    assert again.json["created"] == {"providers": 0, "models": 0}
    assert (count(database, Provider), count(database, ProviderModel)) == before


def test_overwrites_nothing(client: FlaskClient, database: Session, cast: Cast) -> None:
    client.post(PATH, headers=cast.alice.headers)
    (openai,) = all_of(database, Provider, Provider.name == "OpenAI")
    (model,) = all_of(database, ProviderModel, ProviderModel.provider_model_id == "text-embedding-3-small")
    change(database, Provider, openai.id, api_base_url="https://gateway.acme.example", status="inactive")
    change(database, ProviderModel, model.id, input_price=7)
    database.execute(delete(ProviderModel).where(ProviderModel.provider_model_id == "text-embedding-3-large"))
    database.commit()
    answer = client.post(PATH, headers=cast.alice.headers)
    assert answer.json["created"] == {"providers": 0, "models": 1}
    (openai,) = all_of(database, Provider, Provider.name == "OpenAI")
    (model,) = all_of(database, ProviderModel, ProviderModel.provider_model_id == "text-embedding-3-small")
    assert (openai.api_base_url, openai.status, model.input_price) == ("https://gateway.acme.example", "inactive", 7)


def test_adds_those_that_are_named(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.post(PATH, json={"providers": ["built-in", "OpenAI"]}, headers=cast.alice.headers)
    assert [provider["name"] for provider in answer.json["providers"]] == ["Built-in", "OpenAI"]
    assert count(database, Provider) == 2


@pytest.mark.parametrize("providers", [["Oracle of Delphi"], [], "OpenAI", [""]])
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, providers: Any) -> None:
    answer = client.post(PATH, json={"providers": providers}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["providers"])
    assert count(database, Provider) == 0


@pytest.mark.usefixtures("app")
def test_seeds_are_what_an_import_takes() -> None:
    for provider in seeds().providers:
        assert ImportedProviderRequest().validate(provider) == {}
        assert all(model["type"] == "chat" or model["embedding_dimension"] for model in provider["models"])
    assert date.fromisoformat(seeds().as_of)
