"""Whom and what POST /v1/document/upload turns away."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.document import Document
from tests.cast import Cast
from tests.document.conftest import GUIDE, form
from tests.rows import change, count, now_in

PATH = "/v1/document/upload"
PAGE = "https://acme.example/returns"


def test_asks_for_the_credential_before_it_reads_anything(client: FlaskClient, cast: Cast) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

        readinto = read  # type: ignore[assignment]

    body = {"input_stream": Unread(), "content_length": 50_000_000, "content_type": "multipart/form-data; boundary=x"}
    assert client.post(PATH, **body).status_code == 401
    assert client.post(PATH, **body, headers=cast.vera.headers).status_code == 403


def test_counts_before_it_reads_anything(
    client: FlaskClient, cast: Cast, agent: UUID, with_settings: Callable[..., None]
) -> None:
    with_settings(rate_limit_upload=2)
    sent = [client.post(PATH, data=form(agent, ("a.md", GUIDE)), headers=cast.alice.headers) for _ in range(3)]
    assert [answer.status_code for answer in sent] == [202, 202, 429]
    assert sent[0].headers["X-RateLimit-Remaining"] == "1"


def test_refuses_anonymous_calls(client: FlaskClient, agent: UUID) -> None:
    assert client.post(PATH, data=form(agent, ("a.md", GUIDE))).status_code == 401


def test_refuses_leads_and_keys_that_may_not(client: FlaskClient, database: Session, cast: Cast, agent: UUID) -> None:
    narrowed = cast.key(cast.alice, "admin", permissions={"documents": ["read"]})
    for headers in (cast.vera.headers, cast.key(cast.alice, "read"), narrowed):
        assert client.post(PATH, data=form(agent, ("a.md", GUIDE)), headers=headers).status_code == 403
    assert count(database, Document) == 0


def test_hides_another_companys_agent(client: FlaskClient, cast: Cast, agent: UUID) -> None:
    for agent_id in (agent, uuid4()):
        body = {"agent_id": str(agent_id), "url": PAGE}
        assert client.post(PATH, json=body, headers=cast.charlie.headers).status_code == 404


def test_refuses_a_deleted_agent(client: FlaskClient, database: Session, cast: Cast, agent: UUID) -> None:
    row = now_in(database, Agent, agent)
    change(database, Agent, agent, deleted_at=row.created_at)
    answer = client.post(PATH, json={"agent_id": str(agent), "url": PAGE}, headers=cast.alice.headers)
    assert answer.status_code == 404


def test_lets_a_super_admin_name_the_company(client: FlaskClient, database: Session, cast: Cast, agent: UUID) -> None:
    data = form(agent, ("a.md", GUIDE))
    assert client.post(PATH, data=data, headers=cast.root.headers).json["code"] == "company_required"
    data = form(agent, ("a.md", GUIDE))
    answer = client.post(f"{PATH}?company_id={cast.acme}", data=data, headers=cast.root.headers)
    assert (answer.status_code, count(database, Document)) == (202, 1)


@pytest.mark.parametrize(
    "body",
    [{}, {"agent_id": "7", "url": PAGE}, {"url": PAGE}, {"agent_id": "AGENT"}, {"agent_id": "AGENT", "urls": []}]
    + [{"agent_id": "AGENT", "url": 7}, {"agent_id": "AGENT", "url": ""}, {"agent_id": "AGENT", "urls": [""]}]
    + [{"agent_id": "AGENT", "url": PAGE, "more": 1}, {"agent_id": "AGENT", "url": "x" * 2001}, []]
    + [{"agent_id": "AGENT", "url": each} for each in ("acme.example", "file:///etc/passwd", "http://", "http://a b/")]
    + [{"agent_id": "AGENT", "url": "https://ann:secret@acme.example/"}, {"agent_id": "AGENT", "urls": [PAGE] * 51}],
    ids=range(17),
)
def test_refuses_bad_values(client: FlaskClient, database: Session, cast: Cast, agent: UUID, body: Any) -> None:
    if isinstance(body, dict) and body.get("agent_id") == "AGENT":
        body = {**body, "agent_id": str(agent)}
    answer = client.post(PATH, json=body, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert count(database, Document) == 0


def test_refuses_files_in_other_fields_and_too_many_of_them(
    client: FlaskClient, cast: Cast, agent: UUID, with_settings: Callable[..., None]
) -> None:
    with_settings(max_upload_files=2)
    other = {"agent_id": str(agent), "picture": (io.BytesIO(GUIDE), "a.md")}
    many = form(agent, *((f"{number}.txt", b"%d" % number) for number in range(3)))
    for data, field in ((other, "picture"), (many, "files")):
        answer = client.post(PATH, data=data, headers=cast.alice.headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_refuses_other_types_of_body(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, data="x", content_type="text/plain", headers=cast.alice.headers)
    assert answer.status_code == 415
