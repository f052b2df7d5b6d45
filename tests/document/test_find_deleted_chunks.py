"""GET /v1/document/chunk/deleted."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.document.rows import TEXTS, add_chunks

PATH = "/v1/document/chunk/deleted"


def test_lists_passages_that_were_deleted_on_their_own(
    client: FlaskClient, cast: Cast, agent: UUID, document: UUID, chunks: list[UUID]
) -> None:
    for each in chunks[:2]:
        client.delete(f"/v1/document/chunk/{each}", headers=cast.alice.headers)
    for query in ({}, {"document_id": document}, {"agent_id": agent}):
        answer = client.get(PATH, query_string=query, headers=cast.key(cast.bob, "read"))
        assert [each["text"] for each in answer.json["items"]] == [TEXTS[1], TEXTS[0]]
    assert answer.json["items"][0]["deleted_at"]


def test_leaves_out_those_of_deleted_documents_and_other_ones(
    client: FlaskClient, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers)
    for query in ({"document_id": uuid4()}, {"agent_id": uuid4()}):
        assert client.get(PATH, query_string=query, headers=cast.alice.headers).json["items"] == []
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    assert client.get(PATH, headers=cast.alice.headers).json["items"] == []


def test_shows_nothing_of_others(client: FlaskClient, database: Session, cast: Cast, foreign: UUID) -> None:
    (chunk,) = add_chunks(database, foreign, "Secret of Globex.")
    assert client.delete(f"/v1/document/chunk/{chunk}", headers=cast.charlie.headers).status_code == 204
    for query in ({}, {"document_id": foreign}):
        assert client.get(PATH, query_string=query, headers=cast.alice.headers).json["items"] == []


def test_refuses_anonymous_calls_and_leads(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=cast.vera.headers).status_code == 403


@pytest.mark.parametrize("query", [{"page": 0}, {"document_id": "7"}, {"agent_id": "x"}])
def test_refuses_bad_values(client: FlaskClient, cast: Cast, query: dict[str, Any]) -> None:
    assert client.get(PATH, query_string=query, headers=cast.alice.headers).status_code == 422
