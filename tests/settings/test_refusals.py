"""Who is turned away from the routes of settings and providers: all of them are alike."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from tests.cast import Cast
from tests.rows import count
from tests.settings.conftest import Arrange, Shelf

SETTINGS, PROVIDER = "/v1/settings/{settings}", "/v1/providers/{provider}"
MODEL = f"{PROVIDER}/models/{{chat}}"
READ = [
    ("GET", SETTINGS),
    ("GET", "/v1/settings/company/{company}"),
    ("GET", "/v1/settings/agent/{agent}"),
    ("GET", "/v1/settings/providers"),
    ("GET", "/v1/providers"),
    ("GET", PROVIDER),
    ("GET", f"{PROVIDER}/models"),
    ("GET", MODEL),
]
WRITE = [
    ("POST", "/v1/settings"),
    ("PUT", SETTINGS),
    ("DELETE", SETTINGS),
    ("POST", "/v1/settings/test/{settings}"),
    ("POST", "/v1/settings/providers/seed"),
    ("POST", "/v1/providers"),
    ("PUT", PROVIDER),
    ("DELETE", PROVIDER),
    ("POST", f"{PROVIDER}/models"),
    ("PUT", MODEL),
    ("DELETE", MODEL),
    ("POST", "/v1/providers/bulk-import"),
]
BODIES = {f"{PROVIDER}/models": {"name": "New", "type": "chat"}}


@pytest.fixture
def ids(cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange) -> dict[str, Any]:
    """Acme's ids, by what stands in a path."""
    rows = {"settings": add_settings(shelf), "agent": add_agent(cast.acme)}
    return {**rows, "company": cast.acme, "provider": shelf.provider, "chat": shelf.chat}


def call(client: FlaskClient, route: tuple[str, str], ids: dict[str, Any], headers: object = None) -> Any:
    method, path = route
    body = None if method in {"GET", "DELETE"} else BODIES.get(path, {})
    return client.open(path.format(**ids), method=method, json=body, headers=headers)


@pytest.mark.parametrize("route", READ + WRITE)
def test_turns_away_whom_it_is_not_for(
    client: FlaskClient, database: Session, cast: Cast, ids: dict[str, Any], route: tuple[str, str]
) -> None:
    needed = "read" if route in READ else "write"
    narrowed = cast.key(cast.alice, "admin", permissions={"agents": ["write"]})
    assert call(client, route, ids).status_code == 401
    assert call(client, route, ids, cast.vera.headers).status_code == 403
    assert call(client, route, ids, narrowed).status_code == 403
    if needed == "write":
        assert call(client, route, ids, cast.key(cast.alice, "read")).status_code == 403
    assert (count(database, LlmSettings), count(database, Provider), count(database, ProviderModel)) == (1, 1, 2)


@pytest.mark.parametrize("route", [route for route in READ + WRITE if "{" in route[1]])
def test_does_not_exist_for_strangers(
    client: FlaskClient, database: Session, cast: Cast, ids: dict[str, Any], route: tuple[str, str]
) -> None:
    assert call(client, route, ids, cast.charlie.headers).status_code == 404
    nobody = {name: uuid4() for name in ids}
    assert call(client, route, nobody, cast.alice.headers).status_code == 404
    assert (count(database, LlmSettings), count(database, Provider), count(database, ProviderModel)) == (1, 1, 2)


@pytest.mark.parametrize("path", ["/v1/settings/providers", "/v1/providers"])
def test_lists_nothing_of_others(client: FlaskClient, cast: Cast, ids: dict[str, Any], path: str) -> None:
    assert client.get(path, headers=cast.charlie.headers).json["items"] == []
    assert client.get(path, headers=cast.root.headers).json["code"] == "company_required"
    assert len(client.get(f"{path}?company_id={cast.acme}", headers=cast.root.headers).json["items"]) == 1
    assert client.get(f"{path}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
