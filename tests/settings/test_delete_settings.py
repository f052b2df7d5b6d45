"""DELETE /v1/settings/<settings_id>."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.llm_settings import LlmSettings
from tests.cast import Cast
from tests.rows import audited, change, count, now_in
from tests.settings.conftest import KEY, Arrange, Shelf


def test_deletes_settings(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange, add_agent: Arrange
) -> None:
    settings_id = add_settings(shelf, llm_api_key=KEY)
    add_settings(shelf)
    ronda = add_agent(cast.acme)
    change(database, Agent, ronda, llm_settings_id=settings_id)
    answer = client.delete(f"/v1/settings/{settings_id}", headers=cast.key(cast.alice, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert count(database, LlmSettings) == 1
    assert now_in(database, Agent, ronda).llm_settings_id is None
    assert client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers).status_code == 404


def test_keeps_what_others_fall_back_to(
    client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange
) -> None:
    settings_id = add_settings(shelf)
    above = [add_settings(shelf, fallback_settings_id=settings_id) for _ in range(2)]
    refused = client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers)
    assert (refused.status_code, refused.json["code"]) == (409, "settings_in_use")
    assert refused.json["detail"].startswith("2 other settings fall back to these")
    assert all(str(other) in refused.json["detail"] for other in above)
    assert now_in(database, LlmSettings, above[0]).fallback_settings_id == settings_id
    for other in above:
        assert client.delete(f"/v1/settings/{other}", headers=cast.alice.headers).status_code == 204
    assert client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers).status_code == 204


def test_audits_it(client: FlaskClient, database: Session, cast: Cast, shelf: Shelf, add_settings: Arrange) -> None:
    settings_id = add_settings(shelf, llm_api_key=KEY)
    client.delete(f"/v1/settings/{settings_id}", headers=cast.alice.headers)
    entry = audited(database, "settings_deleted")
    assert (entry.entity_id, entry.risk_level) == (str(settings_id), "medium")
    assert entry.before == {**shelf.body, "llm_api_key": "***"}
