"""POST /v1/document/<document_id>/process."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.extensions import redis_extension
from app.models.document import Document
from tests.cast import Cast
from tests.rows import audited, change, now_in


def test_queues_it_again(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, chunks: list[UUID]
) -> None:
    failed = {"status": "error", "error_code": "encrypted", "error": "It has a password.", "tries": 4, "attempt": 4}
    change(database, Document, document, **failed)
    answer = client.post(f"/v1/document/{document}/process", headers=cast.key(cast.bob, "write"))
    assert answer.status_code == 202
    shown = {name: answer.json[name] for name in ("status", "stage", "error_code", "error", "chunk_count")}
    assert shown == {"status": "uploaded", "stage": "queued", "error_code": None, "error": None, "chunk_count": 3}
    row = now_in(database, Document, document)
    assert (row.tries, row.attempt, row.generation) == (0, 4, 1)
    assert redis_extension.client.llen("frontdesk:ingest") == 1
    assert audited(database, "document_processed_again").entity_id == str(document)


def test_keeps_how_it_is_to_be_done(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    path = f"/v1/document/{document}/process"
    assert client.post(path, json={"chunk_tokens": 64}, headers=cast.bob.headers).json["options"] == {
        "chunk_tokens": 64
    }
    assert client.post(path, json={}, headers=cast.bob.headers).json["options"] == {"chunk_tokens": 64}


def test_refuses_while_a_worker_is_at_it(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    change(database, Document, document, status="processing")
    answer = client.post(f"/v1/document/{document}/process", headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (409, "already_processing")


def test_refuses_anonymous_calls_leads_and_keys_that_may_not(client: FlaskClient, cast: Cast, document: UUID) -> None:
    path = f"/v1/document/{document}/process"
    assert client.post(path).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read")):
        assert client.post(path, headers=headers).status_code == 403


def test_hides_another_companys_a_deleted_one_and_none(
    client: FlaskClient, cast: Cast, document: UUID, foreign: UUID
) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    for each in (document, foreign, uuid4()):
        assert client.post(f"/v1/document/{each}/process", headers=cast.alice.headers).status_code == 404


@pytest.mark.parametrize(
    "body", [{"chunk_tokens": 63}, {"chunk_tokens": 513}, {"chunk_tokens": "64"}, {"chunk_tokens": 99.5}, {"more": 1}]
)
def test_refuses_bad_values(client: FlaskClient, cast: Cast, document: UUID, body: dict[str, Any]) -> None:
    answer = client.post(f"/v1/document/{document}/process", json=body, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
