"""The engine behind answers: claimed once, stored once, in order, found again when it is left behind."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import jobs
from app.config import Settings
from app.core.clock import now
from app.core.ids import new_id
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.message import Message
from app.models.turn import Turn, TurnOutcome, TurnStatus
from app.models.unanswered_question import UnansweredQuestion
from app.repositories import turns as rows
from app.services import answering, model_choice, turn_leases, turns
from app.services.questions import Composed, Listener, Question
from tests.conversation.conftest import Desk
from tests.rows import all_of, change, count, now_in

Compose = Callable[[Question, Listener], Composed]


def composed(text: str = "At nine.", outcome: TurnOutcome = TurnOutcome.ANSWERED, **more: Any) -> Composed:
    """An answer as a model would have given it."""
    return Composed(text=text, outcome=outcome, language="en", confidence=0.9, **more)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Compose], None]:
    """Lets a function stand for retrieval and models, which have tests of their own."""
    return lambda compose: monkeypatch.setattr(answering, "compose", compose)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The turns that workers are woken for from now on."""
    found: list[str] = []
    monkeypatch.setattr(turns, "send", lambda _job, **ids: found.append(str(ids["turn_id"])))
    return found


@pytest.fixture
def worker(app: Flask, desk: Desk) -> Iterator[Callable[[str], None]]:
    """Does what a worker does with a turn."""

    def work(turn_id: str) -> None:
        with app.app_context():
            turns.answer(desk.cast.acme, UUID(turn_id))

    yield work


def test_stores_the_answer_with_its_question(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    queued = desk.ask()
    answers(lambda question, listener: listener.on_text("At nine.") or composed(metadata={"provider": "x"}))  # type: ignore[func-returns-value]
    worker(queued["task_id"])
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    answer = now_in(desk.database, Message, turn.answer_id)
    assert (turn.status, turn.outcome, turn.attempt) == ("completed", "answered", 1)
    assert turn.started_at <= turn.first_delta_at <= turn.finished_at  # type: ignore[operator]
    assert (answer.content, answer.reply_to_id, answer.sequence) == ("At nine.", turn.message_id, 2)
    assert (answer.role, answer.language, answer.details) == ("assistant", "en", {"provider": "x"})


def test_a_worker_that_stops_hands_over_what_it_has_not_begun(
    desk: Desk, worker: Callable[[str], None], sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = desk.ask()
    monkeypatch.setattr(turn_leases, "is_stopping", lambda: True)
    worker(queued["task_id"])
    assert sent == [queued["task_id"]]
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    assert (turn.status, turn.attempt) == ("queued", 0)


def test_gives_the_composer_what_was_said_before(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    asked: list[Question] = []
    answers(lambda question, listener: asked.append(question) or composed("Yes."))  # type: ignore[func-returns-value]
    for text in ("Do you sell helmets?", "In red?"):
        worker(desk.ask(text)["task_id"])
    assert [(each.role, each.content) for each in asked[1].history] == [
        ("user", "Do you sell helmets?"),
        ("assistant", "Yes."),
    ]
    assert (asked[1].text, asked[1].before) == ("In red?", "Do you sell helmets?")


def test_answers_once_however_often_the_job_comes(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    calls: list[int] = []
    answers(lambda question, listener: calls.append(1) or composed())  # type: ignore[func-returns-value]
    queued = desk.ask()
    for _ in range(3):
        worker(queued["task_id"])
    assert (len(calls), count(desk.database, Message)) == (1, 2)


def test_waits_for_the_message_before(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None], sent: list[str]
) -> None:
    answers(lambda question, listener: composed(f"To {question.text}"))
    first, second = desk.ask("one"), desk.ask("two")
    worker(second["task_id"])
    assert count(desk.database, Message, Message.role == "assistant") == 0
    worker(first["task_id"])
    assert sent == [second["task_id"]]
    worker(second["task_id"])
    found = all_of(desk.database, Message, Message.role == "assistant")
    assert [each.content for each in found] == ["To one", "To two"]


def test_a_late_twin_stores_nothing(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    queued = desk.ask()

    def slow(question: Question, listener: Listener) -> Composed:
        # Its lease runs out, and another worker takes the turn and answers it.
        change(desk.database, Turn, UUID(queued["task_id"]), due_at=now() - timedelta(seconds=1))
        answers(lambda _question, _listener: composed("From the second."))
        worker(queued["task_id"])
        return composed("From the first.")

    answers(slow)
    worker(queued["task_id"])
    (answer,) = all_of(desk.database, Message, Message.role == "assistant")
    assert answer.content == "From the second."
    assert now_in(desk.database, Turn, UUID(queued["task_id"])).attempt == 2


def test_a_running_turn_is_nobody_elses(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    queued = desk.ask()
    nested: list[int] = []

    def compose(question: Question, listener: Listener) -> Composed:
        nested.append(1)
        if len(nested) == 1:
            worker(queued["task_id"])  # delivered a second time
        return composed()

    answers(compose)
    worker(queued["task_id"])
    assert len(nested) == 1


def test_states_the_failure_of_a_turn_that_breaks(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None], sent: list[str]
) -> None:
    def broken(question: Question, listener: Listener) -> Composed:
        raise ValueError("secret detail")

    answers(broken)
    first, second = desk.ask("one"), desk.ask("two")
    worker(first["task_id"])
    turn = now_in(desk.database, Turn, UUID(first["task_id"]))
    assert (turn.status, turn.error_code) == ("failed", "internal_error")
    assert "secret" not in (turn.error or "")
    assert sent == [second["task_id"]]


def test_keeps_questions_without_an_answer(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    answers(lambda question, listener: composed("I don't know.", TurnOutcome.REFUSED))
    worker(desk.ask("Do you sell boats?")["task_id"])
    (kept,) = all_of(desk.database, UnansweredQuestion)
    assert (kept.question, kept.language, kept.agent_id) == ("Do you sell boats?", "en", desk.agent_id)


def test_deleting_the_conversation_calls_the_answer_off(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None]
) -> None:
    queued = desk.ask()

    def compose(question: Question, listener: Listener) -> Composed:
        path = f"/v1/conversation/{desk.conversation_id}"
        assert desk.client.delete(path, headers=desk.cast.alice.headers).status_code == 204
        return composed()

    answers(compose)
    worker(queued["task_id"])
    assert count(desk.database, Message, Message.role == "assistant") == 0
    assert now_in(desk.database, Turn, UUID(queued["task_id"])).error_code == "message_deleted"


def test_a_turn_whose_models_cannot_be_loaded_fails_and_says_so(
    desk: Desk, worker: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = desk.ask()
    monkeypatch.setattr(model_choice, "of_rows", lambda rows: 1 / 0)  # as with a key that a lost secret encrypted
    worker(queued["task_id"])
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    assert (turn.status, turn.error_code, turn.attempt) == ("failed", "internal_error", 1)


def test_gives_up_after_too_many_attempts(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None], settings: Settings
) -> None:
    answers(lambda question, listener: composed())
    queued = desk.ask()
    change(desk.database, Turn, UUID(queued["task_id"]), attempt=settings.turn_attempts)
    worker(queued["task_id"])
    assert now_in(desk.database, Turn, UUID(queued["task_id"])).error_code == "gave_up"


def test_hands_a_running_turn_over_when_the_process_stops(
    desk: Desk,
    worker: Callable[[str], None],
    answers: Callable[[Compose], None],
    sent: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queued = desk.ask()

    def compose(question: Question, listener: Listener) -> Composed:
        monkeypatch.setattr(turn_leases._keeper, "stopping", True)
        listener.on_text("half of")
        raise AssertionError("goes on though the process stops")

    answers(compose)
    worker(queued["task_id"])
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    assert (turn.status, sent) == ("queued", [queued["task_id"]])


def test_begins_anew_when_postgres_was_away_meanwhile(
    desk: Desk, worker: Callable[[str], None], answers: Callable[[Compose], None], sent: list[str]
) -> None:
    queued = desk.ask()

    def compose(question: Question, listener: Listener) -> Composed:
        answers(lambda question, listener: composed())
        with transaction() as session:
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))  # as a restart does it
        raise AssertionError("goes on without a connection")

    answers(compose)
    worker(queued["task_id"])
    turn = now_in(desk.database, Turn, UUID(queued["task_id"]))
    assert (turn.status, sent) == ("queued", [queued["task_id"]])
    worker(queued["task_id"])
    assert now_in(desk.database, Turn, UUID(queued["task_id"])).status == "completed"


class TestSweep:
    """Finding what was left behind."""

    def test_wakes_workers_for_lost_jobs_and_dead_workers(self, app: Flask, desk: Desk, sent: list[str]) -> None:
        queued = desk.ask()
        assert self._sweep(app) == 0
        change(desk.database, Turn, UUID(queued["task_id"]), due_at=now() - timedelta(seconds=1))
        assert self._sweep(app) == 1
        assert self._sweep(app) == 0  # once is enough for a while
        change(
            desk.database,
            Turn,
            UUID(queued["task_id"]),
            status=TurnStatus.PROCESSING,
            attempt=1,
            due_at=now() - timedelta(seconds=1),
        )
        assert self._sweep(app) == 1
        assert sent == [queued["task_id"]] * 2

    def test_wakes_nobody_for_a_message_that_waits_for_another(self, app: Flask, desk: Desk, sent: list[str]) -> None:
        first, second = desk.ask("one"), desk.ask("two")
        for each in (first, second):
            change(desk.database, Turn, UUID(each["task_id"]), due_at=now() - timedelta(seconds=1))
        self._sweep(app)
        assert sent == [first["task_id"]]

    @staticmethod
    def _sweep(app: Flask) -> int:
        with app.app_context():
            return turns.sweep()


def test_renews_only_the_leases_of_this_attempt(app: Flask, desk: Desk) -> None:
    mine, taken = (UUID(desk.ask(text)["task_id"]) for text in ("one", "two"))
    change(desk.database, Turn, mine, status=TurnStatus.PROCESSING, attempt=1)
    change(desk.database, Turn, taken, status=TurnStatus.PROCESSING, attempt=3)
    due_at = now() + timedelta(seconds=60)
    with app.app_context(), transaction():
        enter_company(desk.cast.acme)
        assert rows.renew_across_companies({mine: 1, taken: 2}, due_at=due_at) == {mine}
    assert now_in(desk.database, Turn, mine).due_at == due_at


def test_a_job_carries_ids_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(jobs, "send", lambda job, **ids: sent.append(ids))
    queued = desk.ask("my secret question")
    assert sent == [{"company_id": desk.cast.acme, "turn_id": UUID(queued["task_id"])}]


def keeps_waiting_for_the_disk(session: Session, action: Callable[[], object]) -> bool:
    """Whether a transaction that would wait for it, when it is committed, still will after `action`."""
    session.execute(sa.text("SET LOCAL synchronous_commit = on"))
    assert action() is not None
    return session.scalar(sa.text("SHOW synchronous_commit")) == "on"


def test_a_claim_may_be_lost_with_postgres_and_an_answer_may_not(app: Flask, desk: Desk) -> None:
    turn = now_in(desk.database, Turn, UUID(desk.ask()["task_id"]))
    claim = rows.Claim(turn.id, desk.cast.acme, 1, turn.message_id, turn.conversation_id, turn.agent_id)
    answer = Message(id=new_id(), content="At nine.", citations=[], details={}, created_at=now())

    def take() -> object:
        lease = timedelta(seconds=9)
        return rows.take(company_id=claim.company_id, turn_id=claim.turn_id, at=now(), lease=lease, most_said=9)

    def store() -> object:
        return rows.store_answer(answer, claim=claim, cited=[], outcome=TurnOutcome.ANSWERED, first_delta_at=None)

    with app.app_context(), transaction() as session:
        assert not keeps_waiting_for_the_disk(session, take)
        assert keeps_waiting_for_the_disk(session, store)
