"""PATCH /v1/unanswered-question/<question_id>."""

from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.unanswered_question import UnansweredQuestion
from tests.agent.rows import START, add_question
from tests.cast import Cast
from tests.rows import audited, now_in


@pytest.fixture
def question(database: Session, ronda: Agent) -> UnansweredQuestion:
    """A question that Ronda could not answer."""
    return add_question(database, ronda)


def path(question: UnansweredQuestion) -> str:
    """A question."""
    return f"/v1/unanswered-question/{question.id}"


def test_resolves_a_question(client: FlaskClient, database: Session, cast: Cast, question: UnansweredQuestion) -> None:
    for _ in range(2):
        answer = client.patch(path(question), json={"resolved": True}, headers=cast.key(cast.bob, "write"))
        assert (answer.status_code, answer.json["resolved_at"] is None) == (200, False)
    assert audited(database, "question_resolved").entity_id == str(question.id)


def test_opens_a_question_again(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    question = add_question(database, ronda, resolved_at=START)
    answer = client.patch(path(question), json={"resolved": False}, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["resolved_at"]) == (200, None)
    assert now_in(database, UnansweredQuestion, question.id).resolved_at is None


def test_refuses_anonymous_calls(client: FlaskClient, question: UnansweredQuestion) -> None:
    assert client.patch(path(question), json={"resolved": True}).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast, question: UnansweredQuestion) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.patch(path(question), json={"resolved": True}, headers=headers).status_code == 403


def test_hides_other_companies(
    client: FlaskClient, database: Session, cast: Cast, question: UnansweredQuestion
) -> None:
    body = {"resolved": True}
    assert client.patch(path(question), json=body, headers=cast.charlie.headers).status_code == 404
    assert client.patch(f"/v1/unanswered-question/{uuid4()}", json=body, headers=cast.bob.headers).status_code == 404
    assert now_in(database, UnansweredQuestion, question.id).resolved_at is None


@pytest.mark.parametrize("body", [{}, {"resolved": None}, {"resolved": "perhaps"}])
def test_refuses_bad_input(client: FlaskClient, cast: Cast, question: UnansweredQuestion, body: dict[str, Any]) -> None:
    answer = client.patch(path(question), json=body, headers=cast.bob.headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["resolved"])
