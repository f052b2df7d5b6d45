"""Answers without any API key, from an upload to what the visitor reads: the documents' own sentences, or a refusal."""

import io
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from app.ai.local_model_build import prepare
from app.ai.phrases import phrases
from app.config import Settings
from app.ingest.detect import Kind
from app.ingest.extract import extract
from app.ingest.limits import Limits
from app.models.message import Message
from app.models.unanswered_question import UnansweredQuestion
from app.services import ingestion, turns
from app.services.model_choice import BUILTIN_EMBEDDING_MODEL
from tests.conversation.conftest import Desk
from tests.rows import all_of

# Each question goes through the local model.
pytestmark = pytest.mark.slow

Ask = Callable[[str], Message]

HOTEL = b"""# Hotel Lindenhof

## Arrival

Check-in starts at 3 p.m. and check-out is until 11 a.m. Reception is staffed around the clock.

## Breakfast

Breakfast is served from 7 to 10 a.m. It costs 16 euros per person and includes bread from the village bakery.

## Dogs

Dogs are welcome for 12 euros a night. They may not enter the breakfast room.

## Sauna

The sauna is on the fifth floor and opens at 4 p.m. Towels are at the entrance.

## Parking

The garage has 40 spaces and costs 14 euros a day. Caravans do not fit in.

## Wi-Fi

The network is called Lindenhof and is free for all guests.

## Bicycles

Six city bicycles can be borrowed at the reception for 9 euros a day.
"""


@pytest.fixture(scope="session")
def _model(app: Flask, settings: Settings, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The builtin embedding model, built once for all processes of a test run, where the application looks for it."""
    base = tmp_path_factory.getbasetemp()
    built = (base if worker_id == "master" else base.parent) / "local-model"
    prepare(built)
    folder = settings.data_dir / "models" / BUILTIN_EMBEDDING_MODEL
    folder.parent.mkdir(exist_ok=True)
    if not folder.exists():
        folder.symlink_to(built)


@pytest.fixture
def document_id(desk: Desk, app: Flask, _model: None) -> str:
    """The hotel's guide, searchable."""
    sent = {"agent_id": str(desk.agent_id), "files": (io.BytesIO(HOTEL), "hotel.md")}
    answer = desk.client.post("/v1/document/upload", data=sent, headers=desk.cast.alice.headers)
    document_id: str = answer.json["documents"][0]["id"]
    with app.app_context():
        ingestion.ingest(company_id=desk.cast.acme, document_id=UUID(document_id))
    return document_id


@pytest.fixture
def ask(desk: Desk, app: Flask, document_id: str) -> Ask:
    """Asks in Vera's conversation and lets a worker answer; returns the answer as it is stored."""

    def put(text: str) -> Message:
        queued = desk.ask(text)
        with app.app_context():
            turns.answer(desk.cast.acme, UUID(queued["task_id"]))
        desk.database.rollback()
        return next(each for each in all_of(desk.database, Message) if str(each.reply_to_id) == queued["message_id"])

    return put


def test_quotes_what_the_document_says(ask: Ask, document_id: str) -> None:
    answer = ask("What does breakfast cost?")
    assert "It costs 16 euros per person" in answer.content
    assert answer.citations[0]["document_id"] == document_id
    assert answer.details["provider"] == "builtin"
    assert answer.details["confidence"] >= 0.5


def test_marks_alone_ask_for_nothing_new(ask: Ask) -> None:
    assert ask("???").content == phrases("en").refusal
    ask("What does breakfast cost?")
    assert "It costs 16 euros per person" in ask("???").content


def test_each_quotation_is_followed_by_its_number(ask: Ask) -> None:
    answer = ask("What does breakfast cost, and when is it served?")
    quotes = [" ".join(each["quote"].split()) for each in answer.citations]
    assert answer.content == "\n\n".join(f"{quote} [{number}]" for number, quote in enumerate(quotes, start=1))


def test_citations_point_at_the_documents_own_characters(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("hotel") / "hotel.md"
    file.write_bytes(HOTEL)
    text = extract(file, Kind.MARKDOWN, Limits()).full_text
    cited = ask("When does the sauna open?").citations
    assert cited
    assert all(text[each["start"] : each["end"]] == each["quote"] for each in cited)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Can I pay with Bitcoin?", "en"),
        ("Wer hat die Fußballweltmeisterschaft gewonnen?", "de"),
        ("¿Quién ganó el mundial de fútbol?", "es"),
    ],
)
def test_says_in_the_questions_language_that_it_does_not_know(
    ask: Ask, desk: Desk, question: str, language: str
) -> None:
    answer = ask(question)
    assert (answer.content, answer.language) == (phrases(language).refusal, language)
    assert answer.citations == []
    assert answer.details["handover_offered"] is True
    assert [each.question for each in all_of(desk.database, UnansweredQuestion)] == [question]


def test_says_that_documents_are_still_being_read(ask: Ask, desk: Desk) -> None:
    sent = {"agent_id": str(desk.agent_id), "files": (io.BytesIO(b"# Payment\n\nBitcoin is welcome."), "payment.md")}
    desk.client.post("/v1/document/upload", data=sent, headers=desk.cast.alice.headers)
    answer = ask("Can I pay with Bitcoin?")
    assert answer.content == f"{phrases('en').refusal}\n\n{phrases('en').still_reading}"
    assert answer.details["documents_unread"] is True


def test_answers_a_question_in_another_language(ask: Ask) -> None:
    assert "16 euros per person" in ask("Wie viel kostet das Frühstück?").content


def test_a_short_question_is_looked_up_with_the_one_before(ask: Ask) -> None:
    ask("May I bring dogs to the hotel?")
    assert "12 euros a night" in ask("And the price?").content


def test_a_deleted_document_is_never_quoted(ask: Ask, desk: Desk, document_id: str) -> None:
    assert ask("What does breakfast cost?").citations
    deleted = desk.client.delete(f"/v1/document/{document_id}", headers=desk.cast.alice.headers)
    assert deleted.status_code == 204
    answer = ask("What does breakfast cost?")
    assert (answer.content, answer.citations) == (phrases("en").refusal, [])


def test_the_operator_sets_how_sure_the_documents_must_be(ask: Ask, with_settings: Callable[..., None]) -> None:
    with_settings(evidence_floor=1.0)
    assert ask("What does breakfast cost?").content == phrases("en").refusal
