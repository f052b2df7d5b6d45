"""GET /v1/settings/<settings_id>, GET /v1/settings/company/<company_id>, GET /v1/settings/agent/<agent_id>."""

from datetime import UTC, datetime
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from tests.cast import Cast
from tests.rows import change
from tests.settings.conftest import KEY, MASKED, Arrange, Shelf, Stock


def ids(client: FlaskClient, path: str, headers: object) -> list[str]:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.json["pagination"]["total"] == len(answer.json["items"])
    return [item["id"] for item in answer.json["items"]]


def test_fetches_settings(client: FlaskClient, cast: Cast, shelf: Shelf, add_settings: Arrange) -> None:
    settings_id = add_settings(shelf, llm_api_key=KEY, embedding_dimension=8)
    answer = client.get(f"/v1/settings/{settings_id}", headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    told = {name: answer.json[name] for name in ("id", "llm_model_id", "llm_api_key", "embedding_dimension")}
    assert told == {
        "id": str(settings_id),
        "llm_model_id": str(shelf.chat),
        "llm_api_key": MASKED,
        "embedding_dimension": 8,
    }
    assert KEY not in answer.text


def test_lists_a_company_s_settings(
    client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock, add_settings: Arrange, add_agent: Arrange
) -> None:
    default, newer = add_settings(shelf, is_default=True), add_settings(shelf)
    add_settings(shelf, agent_id=add_agent(cast.acme))
    add_settings(stock(cast.globex))
    path = f"/v1/settings/company/{cast.acme}"
    assert ids(client, path, cast.bob.headers) == [str(default), str(newer)]
    assert ids(client, path, cast.root.headers) == [str(default), str(newer)]
    assert client.get(path, headers=cast.charlie.headers).status_code == 404
    assert client.get(f"/v1/settings/company/{cast.globex}", headers=cast.alice.headers).status_code == 404


def test_gives_pages(client: FlaskClient, cast: Cast, shelf: Shelf, add_settings: Arrange) -> None:
    made = [str(add_settings(shelf)) for _ in range(3)]
    path = f"/v1/settings/company/{cast.acme}?per_page=2&page=2"
    answer = client.get(path, headers=cast.alice.headers)
    assert [item["id"] for item in answer.json["items"]] == made[:1]
    assert answer.json["pagination"] == {"page": 2, "per_page": 2, "total": 3, "pages": 2}
    assert client.get(f"/v1/settings/company/{cast.acme}?page=0", headers=cast.alice.headers).status_code == 422


def test_lists_an_agent_s_settings(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    ronda, other = add_agent(cast.acme), add_agent(cast.acme)
    own: UUID = add_settings(shelf, agent_id=ronda)
    add_settings(shelf)
    assert ids(client, f"/v1/settings/agent/{ronda}", cast.bob.headers) == [str(own)]
    assert ids(client, f"/v1/settings/agent/{other}", cast.bob.headers) == []
    assert ids(client, f"/v1/settings/agent/{ronda}?company_id={cast.acme}", cast.root.headers) == [str(own)]
    change(database, Agent, ronda, deleted_at=datetime.now(UTC))
    assert client.get(f"/v1/settings/agent/{ronda}", headers=cast.bob.headers).status_code == 404
