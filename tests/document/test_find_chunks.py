"""GET /v1/document/<document_id>/chunk."""

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.cast import Cast
from tests.document.rows import TEXTS, add_chunks


def test_lists_passages_in_reading_order(client: FlaskClient, cast: Cast, document: UUID, chunks: list[UUID]) -> None:
    path = f"/v1/document/{document}/chunk"
    answer = client.get(path, query_string={"per_page": 2}, headers=cast.key(cast.bob, "read"))
    assert [each["text"] for each in answer.json["items"]] == list(TEXTS[:2])
    assert answer.json["pagination"] == {"page": 1, "per_page": 2, "total": 3, "pages": 2}
    assert answer.json["items"][1] == {
        "id": str(chunks[1]),
        "document_id": str(document),
        "position": 1,
        "text": TEXTS[1],
        "page": None,
        "page_end": None,
        "heading_path": [],
        "start": 40,
        "end": 40 + len(TEXTS[1]),
        "tokens": 8,
        "language": "en",
        "deleted_at": None,
    }


@pytest.mark.usefixtures("chunks")
def test_leaves_out_what_is_deleted_and_what_an_attempt_is_making(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    add_chunks(database, document, "Not yet.", generation=2)
    client.delete(f"/v1/document/chunk/{chunks[0]}", headers=cast.alice.headers)
    answer = client.get(f"/v1/document/{document}/chunk", headers=cast.alice.headers)
    assert [each["position"] for each in answer.json["items"]] == [1, 2]


def test_refuses_anonymous_calls_leads_and_bad_values(client: FlaskClient, cast: Cast, document: UUID) -> None:
    path = f"/v1/document/{document}/chunk"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=cast.vera.headers).status_code == 403
    assert client.get(path, query_string={"page": 0}, headers=cast.alice.headers).status_code == 422


def test_hides_another_companys_a_deleted_one_and_none(
    client: FlaskClient, cast: Cast, document: UUID, foreign: UUID
) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    for each in (document, foreign, uuid4()):
        assert client.get(f"/v1/document/{each}/chunk", headers=cast.alice.headers).status_code == 404
