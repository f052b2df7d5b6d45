"""GET /v1/document/deleted."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.document.rows import add_document

PATH = "/v1/document/deleted"


def test_lists_deleted_documents_the_last_deleted_first(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, document: UUID
) -> None:
    later = add_document(database, cast.acme, agent, title="Later")
    for each in (document, later):
        client.delete(f"/v1/document/{each}", headers=cast.alice.headers)
    add_document(database, cast.acme, agent, title="Alive")
    answer = client.get(PATH, query_string={"per_page": 1}, headers=cast.key(cast.bob, "read"))
    assert [each["id"] for each in answer.json["items"]] == [str(later)]
    assert answer.json["items"][0]["deleted_at"]
    assert answer.json["pagination"] == {"page": 1, "per_page": 1, "total": 2, "pages": 2}


def test_shows_nothing_of_others(client: FlaskClient, cast: Cast, foreign: UUID) -> None:
    client.delete(f"/v1/document/{foreign}", headers=cast.charlie.headers)
    assert client.get(PATH, headers=cast.alice.headers).json["items"] == []


def test_refuses_anonymous_calls_and_leads(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


@pytest.mark.parametrize("query", [{"page": 0}, {"per_page": 101}, {"page": "x"}])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, object]) -> None:
    assert client.get(PATH, query_string=query, headers=cast.alice.headers).status_code == 422
