"""GET /v1/conversation/<conversation_id>/messages and .../task/<task_id>."""

from uuid import uuid4

from app.models.lead import Lead
from app.models.turn import Turn, TurnStatus
from app.security import tokens
from tests.conversation.conftest import Desk
from tests.rows import change


def test_shows_messages_in_order_with_the_state_of_their_answers(desk: Desk) -> None:
    first = desk.ask("When do you open?")
    desk.answer(first["task_id"])
    second = desk.ask("And on Sundays?")
    change(desk.database, Turn, second["task_id"], status=TurnStatus.FAILED, error_code="gave_up", error="No luck.")
    question, answer, failed = desk.messages()
    assert (question["role"], question["status"], question["task_id"]) == ("user", "completed", first["task_id"])
    assert (answer["role"], answer["content"], answer["reply_to_id"]) == ("assistant", "At nine. [1]", question["id"])
    assert answer["citations"][0]["quote"] == "We open at nine."  # type: ignore[index]
    assert (failed["status"], failed["error"]) == ("failed", {"code": "gave_up", "detail": "No luck."})


def test_the_task_gives_the_same_answer_as_the_history(desk: Desk) -> None:
    queued = desk.ask()
    desk.answer(queued["task_id"])
    task = desk.client.get(queued["poll_url"], headers=desk.cast.vera.headers).json
    assert (task["status"], task["error"]) == ("completed", None)
    assert task["response"] == desk.messages()[1]


def test_pages(desk: Desk) -> None:
    for number in range(3):
        desk.ask(str(number))
    answer = desk.client.get(_path(desk) + "?page=2&per_page=2", headers=desk.cast.vera.headers)
    assert [each["content"] for each in answer.json["items"]] == ["2"]
    assert answer.json["pagination"] == {"page": 2, "per_page": 2, "total": 3, "pages": 2}


def test_opens_to_the_visitor_and_the_team_alone(desk: Desk) -> None:
    queued = desk.ask()
    other = Lead(company_id=desk.cast.acme, first_name="Vito", last_name="Visitor", email="vito@example.com")
    desk.database.add(other)
    desk.database.commit()
    with desk.client.application.app_context():
        vito = {"Authorization": f"Bearer {tokens.issue_lead(other.id)}"}
    for path in (_path(desk), queued["poll_url"]):
        for headers in (desk.cast.vera.headers, desk.cast.bob.headers, desk.cast.key(desk.cast.alice, "read")):
            assert desk.client.get(path, headers=headers).status_code == 200
        for headers in (vito, desk.cast.charlie.headers, desk.cast.key(desk.cast.charlie, "read")):
            assert desk.client.get(path, headers=headers).status_code == 404
        assert desk.client.get(path).status_code == 401
        narrowed = desk.cast.key(desk.cast.alice, "write", permissions={"leads": ["write"]})
        assert desk.client.get(path, headers=narrowed).status_code == 403


def test_finds_a_task_in_its_own_conversation_only(desk: Desk) -> None:
    queued = desk.ask()
    other = desk.client.post(
        "/v1/conversation", json={"agent_id": str(desk.agent_id)}, headers=desk.cast.vera.headers
    ).json
    for conversation, task in ((other["id"], queued["task_id"]), (desk.conversation_id, uuid4())):
        path = f"/v1/conversation/{conversation}/task/{task}"
        assert desk.client.get(path, headers=desk.cast.vera.headers).status_code == 404


def test_refuses_bad_queries(desk: Desk) -> None:
    assert desk.client.get(_path(desk) + "?page=x", headers=desk.cast.vera.headers).status_code == 422


def _path(desk: Desk) -> str:
    return f"/v1/conversation/{desk.conversation_id}/messages"
