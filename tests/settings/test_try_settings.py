"""POST /v1/settings/test/<settings_id>, over real HTTP."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.llm_settings import LlmSettings
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.services import settings_test
from tests.ai.model_server import running_model_server
from tests.cast import Cast
from tests.rows import change, now_in
from tests.settings.conftest import KEY, Arrange, Shelf, Stock


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A model server's base URL. Its vectors have 384 dimensions."""
    with running_model_server() as (url, _server):
        yield f"{url}/v1"


@pytest.fixture
def local(stock: Stock, cast: Cast, server: str, with_settings: Callable[..., None]) -> Shelf:
    """A provider of acme's at that server, to which the operator lets it lead."""
    with_settings(allowed_networks=("127.0.0.0/8",))
    return stock(cast.acme, name="Local", api_base_url=server)


@pytest.fixture
def settings_id(local: Shelf, add_settings: Arrange) -> UUID:
    return add_settings(local, llm_api_key=KEY, embedding_api_key=KEY, embedding_dimension=384)


@pytest.fixture
def attempt(client: FlaskClient, database: Session, cast: Cast, local: Shelf, settings_id: UUID) -> Any:
    """Tries acme's settings out: `attempt({"llm_model_id": ...})`."""
    change(database, ProviderModel, local.embedding, embedding_dimension=384)

    def post(body: dict[str, Any] | None = None, **values: Any) -> Any:
        if values:
            change(database, ProviderModel, local.chat, **values)
        answer = client.post(f"/v1/settings/test/{settings_id}", json=body, headers=cast.bob.headers)
        assert KEY not in answer.text
        return answer

    return post


def test_asks_both_models(attempt: Any, settings_id: UUID) -> None:
    answer = attempt()
    assert answer.status_code == 200
    assert (answer.json["ok"], answer.json["settings_id"]) == (True, str(settings_id))
    chat, embedding = answer.json["chat"], answer.json["embedding"]
    assert (chat["ok"], chat["model"], chat["error"], chat["dimension"]) == (True, "chat-1-2025", None, None)
    assert 0 <= chat["first_token_ms"] <= chat["latency_ms"]
    assert (embedding["ok"], embedding["dimension"], embedding["first_token_ms"]) == (True, 384, None)


def test_is_limited_like_other_calls_to_models(attempt: Any) -> None:
    assert attempt().headers["X-RateLimit-Limit"] == "100000"


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("unauthorized", "credentials_refused"),
        ("rate-limited", "overloaded"),
        ("server-error", "unreachable"),
        ("not-found", "request_rejected"),
        ("malformed", "stream_broken"),
        ("silent", "empty_answer"),
        ("endless", "endless_answer"),
    ],
)
def test_tells_what_went_wrong(attempt: Any, scenario: str, code: str) -> None:
    answer = attempt(provider_model_id=f"scenario:{scenario}")
    assert (answer.status_code, answer.json["ok"]) == (200, False)
    chat = answer.json["chat"]
    assert (chat["ok"], chat["error_code"]) == (False, code)
    assert chat["error"].startswith(f"Local/scenario:{scenario}")
    assert answer.json["embedding"]["ok"] is True


def test_waits_for_a_model_as_long_as_it_may(attempt: Any, with_settings: Callable[..., None]) -> None:
    with_settings(allowed_networks=("127.0.0.0/8",), settings_test_seconds=0.25)
    chat = attempt(provider_model_id="scenario:hang-middle").json["chat"]
    assert (chat["error_code"], chat["first_token_ms"] is None) == ("timed_out", False)
    assert chat["error"].endswith("the answer was not complete in time: it was given 0.25 seconds")


def test_tells_when_vectors_have_another_length(attempt: Any, database: Session, settings_id: UUID) -> None:
    row = now_in(database, LlmSettings, settings_id)
    change(database, ProviderModel, row.embedding_model_id, embedding_dimension=None)
    embedding = attempt({"embedding_dimension": 16}).json["embedding"]
    assert (embedding["ok"], embedding["error_code"]) == (False, "ai_service_unavailable")
    assert "384 dimensions instead of 16" in embedding["error"]


def test_tells_when_nobody_is_there(attempt: Any) -> None:
    body = {
        "llm_api_base_url": "http://127.0.0.1:9/v1",
        "llm_api_key": None,
        "embedding_api_base_url": "http://nowhere.invalid/v1",
        "embedding_api_key": None,
    }
    answer = attempt(body)
    assert (answer.status_code, answer.json["chat"]["error_code"]) == (200, "unreachable")
    assert "not found" in answer.json["embedding"]["error"]


def test_keeps_nothing_of_what_is_tried(attempt: Any, database: Session, settings_id: UUID) -> None:
    assert attempt({"llm_temperature": 1.5, "llm_api_key": "sk-another-0001"}).json["ok"] is True
    row = now_in(database, LlmSettings, settings_id)
    assert (row.llm_temperature, row.llm_api_key) == (None, KEY)


def test_sends_no_stored_key_elsewhere(attempt: Any) -> None:
    answer = attempt({"llm_api_base_url": "https://evil.example/v1"})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["llm_api_key"])


def test_leads_nowhere_inside(attempt: Any, with_settings: Callable[..., None]) -> None:
    with_settings(allowed_networks=())
    answer = attempt()  # what was allowed when it was saved
    assert answer.json["chat"]["error_code"] == "request_rejected"
    assert "inside the network" in answer.json["chat"]["error"]
    assert "inside the network" in answer.json["embedding"]["error"]
    refused = attempt({"llm_api_base_url": "http://127.0.0.1/v1", "llm_api_key": None})
    assert list(refused.json["errors"]) == ["llm_api_base_url"]


def test_knows_anthropic(attempt: Any, database: Session, local: Shelf, server: str) -> None:
    change(database, Provider, local.provider, type="anthropic", api_base_url=server.removesuffix("/v1"))
    assert attempt().json["chat"]["ok"] is True


def test_has_nobody_to_ask_for_the_builtin_model(
    client: FlaskClient, cast: Cast, local: Shelf, stock: Stock, add_settings: Arrange
) -> None:
    builtin = stock(cast.acme, name="Own", type="builtin", chat="builtin/extractive")
    chosen = {"llm_provider_id": builtin.provider, "llm_model_id": builtin.chat}
    settings_id = add_settings(local, **chosen, embedding_dimension=8)
    answer = client.post(f"/v1/settings/test/{settings_id}", headers=cast.alice.headers)
    assert (answer.json["chat"]["ok"], answer.json["chat"]["model"]) == (True, "builtin/extractive")


def test_holds_no_transaction_while_it_waits(attempt: Any, database: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    stopwatch = settings_test._stopwatch

    def look() -> Callable[[], int]:
        open_ones = text(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND usename <> current_user"
            # The other test process has a database of its own on the same server.
            " AND datname = current_database()"
        )
        seen.append(database.execute(open_ones).scalar_one())
        database.rollback()
        return stopwatch()

    monkeypatch.setattr(settings_test, "_stopwatch", look)
    assert attempt().json["ok"] is True
    assert seen == [0, 0]


@pytest.mark.parametrize(
    "body", [{"llm_temperature": 3}, {"is_default": True}, {"agent_id": None}, {"llm_model_id": "7"}, {"x": 1}]
)
def test_refuses_bad_values(attempt: Any, body: dict[str, Any]) -> None:
    answer = attempt(body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(body))
