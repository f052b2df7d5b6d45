"""POST /v1/document/upload."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import Settings
from app.extensions import redis_extension
from app.models.agent import Agent
from app.models.document import Document
from tests.cast import Cast
from tests.document.conftest import GUIDE, Upload, form
from tests.rows import all_of, audited, count, now_in

PATH = "/v1/document/upload"
ZIP = b"PK\x05\x06" + b"\0" * 18
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PAGE = "https://acme.example/returns"


def files_of(settings: Settings) -> list[Path]:
    """What lies in the storage."""
    return [path for path in (settings.data_dir / "storage").rglob("*") if path.is_file()]


def large(agent: UUID, content: bytes) -> dict[str, Any]:
    """A form with one file, written by hand: the test client would leave its temporary file open."""
    parts = f'--x\r\nContent-Disposition: form-data; name="agent_id"\r\n\r\n{agent}\r\n--x\r\n'.encode()
    parts += b'Content-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + content + b"\r\n--x--\r\n"
    return {"data": parts, "content_type": "multipart/form-data; boundary=x"}


@pytest.fixture(autouse=True)
def _no_files(settings: Settings) -> None:
    for path in files_of(settings):
        path.unlink()


def test_takes_a_file(client: FlaskClient, database: Session, cast: Cast, agent: UUID, settings: Settings) -> None:
    answer = client.post(PATH, data=form(agent, ("Returns.md", GUIDE)), headers=cast.alice.headers)
    (taken,) = answer.json["documents"]
    assert answer.status_code == 202
    assert taken == {
        "id": taken["id"],
        "filename": "Returns.md",
        "url": None,
        "status": "uploaded",
        "duplicate": False,
        "error_code": None,
        "error": None,
    }
    row = now_in(database, Document, UUID(taken["id"]))
    assert (row.company_id, row.agent_id, row.uploaded_by) == (cast.acme, agent, cast.alice.id)
    assert (row.source, row.title, row.kind, row.content_type) == ("file", "Returns", "markdown", "text/markdown")
    assert (row.size_bytes, row.storage_name) == (len(GUIDE), f"documents/{cast.acme}/{row.id}/source")
    assert [path.read_bytes() for path in files_of(settings)] == [GUIDE]
    entry = audited(database, "document_uploaded")
    assert (entry.entity_id, entry.actor_id, entry.after["filename"]) == (taken["id"], cast.alice.id, "Returns.md")


def test_wakes_a_worker(upload: Upload, cast: Cast) -> None:
    upload()
    assert redis_extension.client.llen("frontdesk:ingest") == 1


def test_takes_several_files_and_addresses_in_one_form(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID
) -> None:
    data = form(agent, ("b.md", GUIDE), ("a.txt", b"Open from nine."), url=PAGE, urls=[f"{PAGE}/1", f"{PAGE}/2"])
    answer = client.post(PATH, data=data, headers=cast.key(cast.bob, "write"))
    taken = answer.json["documents"]
    assert [each["filename"] or each["url"] for each in taken] == ["b.md", "a.txt", PAGE, f"{PAGE}/1", f"{PAGE}/2"]
    assert count(database, Document) == 5


def test_takes_addresses_as_json(client: FlaskClient, database: Session, cast: Cast, agent: UUID) -> None:
    body = {"agent_id": str(agent), "urls": ["HTTPS://Acme.Example:443/returns#top", PAGE]}
    answer = client.post(PATH, json=body, headers=cast.bob.headers)
    assert answer.status_code == 202
    first, second = answer.json["documents"]
    assert (first["url"], first["duplicate"], second["duplicate"]) == (PAGE, False, True)
    (row,) = all_of(database, Document)
    assert (row.source, row.url, row.title, row.storage_name) == ("url", PAGE, "acme.example/returns", None)


def test_reports_what_is_wrong_with_one_beside_the_others(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, settings: Settings
) -> None:
    data = form(agent, ("good.md", GUIDE), ("picture.md", PNG), ("nothing.txt", b"  \n"), url="ftp://acme.example/")
    answer = client.post(PATH, data=data, headers=cast.alice.headers)
    assert answer.status_code == 202
    codes = [(each["status"], each["error_code"]) for each in answer.json["documents"]]
    assert codes == [
        ("uploaded", None),
        ("refused", "unknown_type"),
        ("refused", "empty"),
        ("refused", "fetch_not_http"),
    ]
    assert answer.json["documents"][1]["id"] is None
    assert "image/png" in answer.json["documents"][1]["error"]
    assert (count(database, Document), len(files_of(settings))) == (1, 1)


@pytest.mark.parametrize(
    ("url", "said"),
    [("ftp://acme.example/", "starts with http"), ("https://acme.example/a page", "as %20")],
)
def test_says_what_is_wrong_with_an_address(client: FlaskClient, cast: Cast, agent: UUID, url: str, said: str) -> None:
    answer = client.post(PATH, json={"agent_id": str(agent), "url": url}, headers=cast.alice.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [url])
    assert said in answer.json["detail"]


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("picture.pdf", PNG, 415, "unsupported_media_type"),
        ("archive.docx", ZIP, 415, "unsupported_media_type"),
        ("nothing.txt", b"", 422, "validation_error"),
        ("large.txt", b"much " * 30, 413, "payload_too_large"),
    ],
)
def test_refuses_a_single_file_clearly(
    client: FlaskClient,
    database: Session,
    cast: Cast,
    agent: UUID,
    settings: Settings,
    with_settings: Callable[..., None],
    name: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    with_settings(max_document_bytes=100)
    answer = client.post(PATH, data=form(agent, (name, content)), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert list(answer.json["errors"]) == [name]
    assert (count(database, Document), files_of(settings)) == (0, [])


def test_refuses_a_body_that_is_too_large(
    client: FlaskClient, cast: Cast, agent: UUID, with_settings: Callable[..., None]
) -> None:
    with_settings(max_upload_bytes=1_000)
    answer = client.post(PATH, **large(agent, b"much " * 300_000), headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (413, "payload_too_large")
    assert "1,000 bytes" in answer.json["detail"]


def test_takes_more_than_other_routes_do(client: FlaskClient, cast: Cast, agent: UUID, settings: Settings) -> None:
    content = b"words, words, words\n" * 150_000
    assert len(content) > settings.max_body_bytes
    assert client.post(PATH, **large(agent, content), headers=cast.alice.headers).status_code == 202


def test_json_is_not_larger_than_elsewhere(client: FlaskClient, cast: Cast, agent: UUID, settings: Settings) -> None:
    body = {"agent_id": str(agent), "url": "x" * settings.max_body_bytes}
    assert client.post(PATH, json=body, headers=cast.alice.headers).status_code == 413


def test_gives_the_same_document_for_the_same_content(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, settings: Settings, upload: Upload
) -> None:
    first = upload()
    answer = client.post(PATH, data=form(agent, ("copy.md", GUIDE)), headers=cast.bob.headers)
    (taken,) = answer.json["documents"]
    assert (taken["id"], taken["duplicate"], taken["filename"]) == (str(first), True, "copy.md")
    assert (count(database, Document), len(files_of(settings))) == (1, 1)


def test_takes_the_same_content_twice_in_one_form_once(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID
) -> None:
    answer = client.post(PATH, data=form(agent, ("a.md", GUIDE), ("b.md", GUIDE)), headers=cast.bob.headers)
    first, second = answer.json["documents"]
    assert (first["id"], second["duplicate"], count(database, Document)) == (second["id"], True, 1)


def test_takes_the_same_content_for_another_agent_and_after_a_deletion(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, upload: Upload
) -> None:
    other = Agent(company_id=cast.acme, name="Other")
    database.add(other)
    database.commit()
    client.delete(f"/v1/document/{upload()}", headers=cast.alice.headers)
    upload()
    answer = client.post(PATH, data=form(other.id, ("a.md", GUIDE)), headers=cast.bob.headers)
    assert (answer.json["documents"][0]["duplicate"], count(database, Document)) == (False, 3)


def test_makes_one_document_of_uploads_at_the_same_moment(
    app: Flask, database: Session, cast: Cast, agent: UUID, settings: Settings
) -> None:
    contents = [b"first " * 9, b"second " * 9]

    def send(order: int) -> Any:
        files = [(f"{number}.txt", content) for number, content in enumerate(contents[::order])]
        return app.test_client().post(PATH, data=form(agent, *files), headers=cast.alice.headers)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(send, [1, -1, 1, -1]))
    assert [answer.status_code for answer in answers] == [202] * 4
    taken = [each for answer in answers for each in answer.json["documents"]]
    assert [each["duplicate"] for each in taken].count(False) == 2
    assert (count(database, Document), len(files_of(settings))) == (2, 2)


def test_gives_the_same_answer_for_the_same_idempotency_key(
    client: FlaskClient, database: Session, cast: Cast, agent: UUID, settings: Settings
) -> None:
    headers = {**cast.alice.headers, "Idempotency-Key": "upload-1"}
    answers = [client.post(PATH, data=form(agent, ("a.md", GUIDE)), headers=headers) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotent-Replay"] == "true"
    other = client.post(PATH, data=form(agent, ("a.md", GUIDE + b"More.")), headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")
    assert (count(database, Document), len(files_of(settings))) == (1, 1)


def test_cleans_the_name_of_the_file(client: FlaskClient, database: Session, cast: Cast, agent: UUID) -> None:
    names = ["/home/ann/plan.txt", "../../etc/passwd.txt", "línea.txt", "a" * 300 + ".txt", "invoice\u202efdp.exe"]
    for number, name in enumerate(names):
        data = form(agent, (name, f"Text {number}".encode()))
        assert client.post(PATH, data=data, headers=cast.alice.headers).status_code == 202
    assert [row.filename for row in all_of(database, Document)] == [
        "plan.txt",
        "passwd.txt",
        "línea.txt",
        "a" * 251 + ".txt",
        "invoicefdp.exe",
    ]


def test_removes_the_file_when_the_row_is_not_stored(
    client: FlaskClient, cast: Cast, settings: Settings, other_agent: UUID
) -> None:
    answer = client.post(PATH, data=form(other_agent, ("a.md", GUIDE)), headers=cast.alice.headers)
    assert (answer.status_code, files_of(settings)) == (404, [])
