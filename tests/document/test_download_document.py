"""GET /v1/document/<document_id>/download."""

from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.db import db
from app.models.document import Document
from app.services import document_files
from tests.cast import Cast
from tests.document.conftest import GUIDE, Upload
from tests.rows import change, now_in


def test_sends_the_file_as_it_came(client: FlaskClient, cast: Cast, upload: Upload) -> None:
    answer = client.get(f"/v1/document/{upload()}/download", headers=cast.key(cast.bob, "read"))
    assert (answer.status_code, answer.data) == (200, GUIDE)
    assert (answer.content_type, answer.content_length) == ("text/markdown", len(GUIDE))


def test_lets_nobody_take_it_for_a_page(client: FlaskClient, cast: Cast, upload: Upload) -> None:
    document_id = upload(b"<html><script>alert(1)</script><p>Hello there</p></html>", "page.html")
    headers = client.get(f"/v1/document/{document_id}/download", headers=cast.alice.headers).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("Returns.md", "attachment; filename=\"Returns.md\"; filename*=UTF-8''Returns.md"),
        ("Größe 3.md", "attachment; filename=\"Gr__e 3.md\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%203.md"),
        ('a"; x="y.md', "attachment; filename=\"a_; x=_y.md\"; filename*=UTF-8''a%22%3B%20x%3D%22y.md"),
    ],
)
def test_names_the_file(
    client: FlaskClient, database: Session, cast: Cast, upload: Upload, filename: str, disposition: str
) -> None:
    document_id = upload()
    change(database, Document, document_id, filename=filename)
    answer = client.get(f"/v1/document/{document_id}/download", headers=cast.alice.headers)
    assert answer.headers["Content-Disposition"] == disposition


def test_holds_no_connection_while_it_is_read(app: Flask, client: FlaskClient, cast: Cast, upload: Upload) -> None:
    answer = client.get(f"/v1/document/{upload()}/download", headers=cast.alice.headers, buffered=False)
    with app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert answer.data == GUIDE


def test_says_so_when_there_is_no_file(
    client: FlaskClient, database: Session, cast: Cast, document: UUID, upload: Upload
) -> None:
    lost = upload()
    document_files.storage().delete(now_in(database, Document, lost).storage_name or "")
    for each in (document, lost):
        answer = client.get(f"/v1/document/{each}/download", headers=cast.alice.headers)
        assert (answer.status_code, answer.json["code"]) == (404, "file_missing")


def test_refuses_anonymous_calls_and_leads(client: FlaskClient, cast: Cast, document: UUID) -> None:
    assert client.get(f"/v1/document/{document}/download").status_code == 401
    assert client.get(f"/v1/document/{document}/download", headers=cast.vera.headers).status_code == 403


def test_hides_another_companys_a_deleted_one_and_none(client: FlaskClient, cast: Cast, upload: Upload) -> None:
    document_id = upload()
    assert client.get(f"/v1/document/{document_id}/download", headers=cast.charlie.headers).status_code == 404
    client.delete(f"/v1/document/{document_id}", headers=cast.alice.headers)
    for each in (document_id, uuid4()):
        assert client.get(f"/v1/document/{each}/download", headers=cast.alice.headers).status_code == 404
