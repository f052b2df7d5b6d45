"""GET /v1/document/<document_id>."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.document import Document
from tests.cast import Cast
from tests.rows import change


def test_tells_how_far_it_is(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    change(database, Document, document, status="processing", stage="embedding", progress=60)
    answer = client.get(f"/v1/document/{document}", headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    shown = {name: answer.json[name] for name in ("id", "status", "stage", "progress", "error")}
    assert shown == {
        "id": str(document),
        "status": "processing",
        "stage": "embedding",
        "progress": 60,
        "error": None,
    }
    assert not {"storage_name", "content_hash", "attempt", "tries", "generation", "due_at"} & set(answer.json)


def test_tells_what_is_wrong_with_it(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    change(database, Document, document, status="error", error_code="encrypted", error="It has a password.")
    answer = client.get(f"/v1/document/{document}", headers=cast.bob.headers)
    assert (answer.json["error_code"], answer.json["error"]) == ("encrypted", "It has a password.")


def test_tells_when_it_is_tried_again(client: FlaskClient, database: Session, cast: Cast, document: UUID) -> None:
    due_at = datetime(2036, 11, 1, tzinfo=UTC)
    failed = {"error_code": "fetch_timed_out", "error": "The server took too long.", "due_at": due_at}
    change(database, Document, document, status="uploaded", **failed)
    path = f"/v1/document/{document}"
    assert client.get(path, headers=cast.bob.headers).json["retry_at"].startswith("2036-11-01T00:00:00")
    change(database, Document, document, status="error")
    assert client.get(path, headers=cast.bob.headers).json["retry_at"] is None
    change(database, Document, document, status="uploaded", error_code=None)  # it only waits for a worker
    assert client.get(path, headers=cast.bob.headers).json["retry_at"] is None


def test_refuses_anonymous_calls_and_leads(client: FlaskClient, cast: Cast, document: UUID) -> None:
    assert client.get(f"/v1/document/{document}").status_code == 401
    assert client.get(f"/v1/document/{document}", headers=cast.vera.headers).status_code == 403


def test_hides_another_companys_a_deleted_one_and_none(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, foreign: UUID
) -> None:
    client.delete(f"/v1/document/{document}", headers=cast.alice.headers)
    for each in (document, foreign, uuid4()):
        assert client.get(f"/v1/document/{each}", headers=cast.alice.headers).status_code == 404
