"""PUT /v1/message/<message_id>/feedback."""

from uuid import uuid4

import pytest

from app.models.lead import Lead
from app.models.message import Message
from app.security import tokens
from tests.conversation.conftest import Desk
from tests.rows import now_in


@pytest.fixture
def answer(desk: Desk) -> Message:
    """An answer to Vera."""
    return desk.answer(desk.ask()["task_id"])


def test_keeps_what_the_visitor_thinks(desk: Desk, answer: Message) -> None:
    body = {"rating": "down", "comment": "Not what I asked"}
    response = desk.client.put(_path(answer.id), json=body, headers=desk.cast.vera.headers)
    assert (response.status_code, response.json["feedback"]["rating"]) == (200, "down")
    stored = now_in(desk.database, Message, answer.id)
    assert (stored.feedback_rating, stored.feedback_comment) == ("down", "Not what I asked")
    assert desk.messages()[1]["feedback"] == response.json["feedback"]


def test_takes_it_back(desk: Desk, answer: Message) -> None:
    desk.client.put(_path(answer.id), json={"rating": "up"}, headers=desk.cast.vera.headers)
    response = desk.client.put(_path(answer.id), json={"rating": None}, headers=desk.cast.vera.headers)
    assert response.json["feedback"] is None


def test_takes_keys_and_users(desk: Desk, answer: Message) -> None:
    for headers in (desk.cast.bob.headers, desk.cast.key(desk.cast.alice, "write")):
        assert desk.client.put(_path(answer.id), json={"rating": "up"}, headers=headers).status_code == 200


def test_rates_answers_only(desk: Desk) -> None:
    queued = desk.ask()
    response = desk.client.put(_path(queued["message_id"]), json={"rating": "up"}, headers=desk.cast.vera.headers)
    assert (response.status_code, response.json["code"]) == (409, "not_an_answer")


def test_refuses_everybody_else(desk: Desk, answer: Message) -> None:
    other = Lead(company_id=desk.cast.acme, first_name="Vito", last_name="Visitor", email="vito@example.com")
    desk.database.add(other)
    desk.database.commit()
    with desk.client.application.app_context():
        vito = {"Authorization": f"Bearer {tokens.issue_lead(other.id)}"}
    cases = [(None, 401), (desk.cast.key(desk.cast.alice, "read"), 403), (vito, 404), (desk.cast.charlie.headers, 404)]
    for headers, status in cases:
        response = desk.client.put(_path(answer.id), json={"rating": "up"}, headers=headers)
        assert response.status_code == status
    response = desk.client.put(_path(uuid4()), json={"rating": "up"}, headers=desk.cast.vera.headers)
    assert response.status_code == 404


@pytest.mark.parametrize("body", [{}, {"rating": "meh"}, {"rating": "up", "comment": "x" * 2001}, {"rating": 1}])
def test_refuses_bad_values(desk: Desk, answer: Message, body: dict[str, object]) -> None:
    assert desk.client.put(_path(answer.id), json=body, headers=desk.cast.vera.headers).status_code == 422


def _path(message_id: object) -> str:
    return f"/v1/message/{message_id}/feedback"
