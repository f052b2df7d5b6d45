"""Answers of language models, asked over HTTP on a local server, from passages in the real database."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.models.document import Document
from app.models.message import Message
from app.models.model_call import ModelCall
from app.models.turn import Turn
from app.repositories.turns import Claim
from app.services import answering, ingestion, turns
from app.services.questions import Composed, Listener, Question
from app.services.turn_costs import Spent
from tests.ai.model_server import Pace, running_model_server
from tests.conversation.conftest import Desk
from tests.rows import all_of, now_in

POLICY = b"# Returns\n\nYou can return any item within 30 days. Helmets can be returned within 14 days.\n"
QUESTION = "How many days do I have to return a helmet?"


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The base URL of a server that echoes the last message, unless the model's name is a scenario."""
    with running_model_server() as (url, _server):
        yield f"{url}/v1"


@pytest.fixture
def informed(desk: Desk, app: Flask, with_settings: Callable[..., None]) -> Desk:
    """A desk whose agent has a document."""
    with_settings(allowed_networks=("127.0.0.0/8",), model_attempts=1)
    answer = desk.client.post(
        "/v1/document/upload",
        data={"agent_id": str(desk.agent_id), "files": (io.BytesIO(POLICY), "returns.md")},
        headers=desk.cast.alice.headers,
        content_type="multipart/form-data",
    )
    assert answer.status_code == 202, answer.json
    with app.app_context():
        ingestion.ingest(company_id=desk.cast.acme, document_id=UUID(answer.json["documents"][0]["id"]))
    return desk


def use(desk: Desk, base_url: str, *, kind: str = "openai_compatible", model: str = "echo", **more: Any) -> str:
    """Lets the agent answer by a model; returns the id of the settings."""
    headers = desk.cast.alice.headers
    call = desk.client
    call.post("/v1/settings/providers/seed", json={}, headers=headers)
    body = {"name": f"Local {kind} {model}", "type": kind, "api_base_url": base_url}
    own = call.post("/v1/providers", json=body, headers=headers).json
    chat = call.post(
        f"/v1/providers/{own['id']}/models", json={"name": model, "type": "chat", "input_price": 2}, headers=headers
    ).json
    providers = call.get("/v1/providers?per_page=100", headers=headers).json["items"]
    builtin = next(each["id"] for each in providers if each["type"] == "builtin")
    models = call.get(f"/v1/providers/{builtin}/models", headers=headers).json["items"]
    settings = call.post(
        "/v1/settings",
        json={
            "agent_id": str(desk.agent_id),
            "llm_provider_id": own["id"],
            "llm_model_id": chat["id"],
            "llm_api_key": "test-key-of-the-local-server",
            "embedding_provider_id": builtin,
            "embedding_model_id": next(each["id"] for each in models if each["type"] == "embedding"),
            "is_default": True,
            **more,
        },
        headers=headers,
    )
    assert settings.status_code == 201, settings.json
    identity: str = settings.json["id"]
    return identity


def turn_of(desk: Desk, app: Flask, question: str) -> Turn:
    """How the turn of a question ends."""
    queued = desk.ask(question)
    with app.app_context():
        turns.answer(desk.cast.acme, UUID(queued["task_id"]))
    return now_in(desk.database, Turn, UUID(queued["task_id"]))


def answer_to(desk: Desk, app: Flask, question: str) -> Message:
    """The stored answer to a question."""
    turn = turn_of(desk, app, question)
    assert turn.status == "completed", turn.error
    return now_in(desk.database, Message, turn.answer_id)


@pytest.mark.slow  # loads the embedding model and ingests a document
class TestByModel:
    """One document, one question, several kinds of model."""

    @pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
    def test_streams_cites_and_bills(self, informed: Desk, app: Flask, model: str, kind: str) -> None:
        use(informed, model.removesuffix("/v1") if kind == "anthropic" else model, kind=kind)
        answer = answer_to(informed, app, QUESTION)
        (document,) = all_of(informed.database, Document)
        (call,) = all_of(informed.database, ModelCall)
        assert answer.content  # the server echoes the prompt, in which the passage is number 1
        assert {each["document_id"] for each in answer.citations} <= {str(document.id)}
        assert (call.outcome, call.turn_id is not None, call.input_tokens > 0) == ("ok", True, True)
        assert call.cost == Decimal(call.input_tokens * 2) / 1_000_000
        assert answer.details["provider"] == f"Local {kind} echo"
        assert answer.details.get("uncited", False) is not bool(answer.citations)

    @pytest.mark.parametrize("limit", [30, 100_000], ids=["long", "short"])
    def test_an_answer_that_is_too_long_is_cut_and_shows_it(
        self, informed: Desk, app: Flask, model: str, with_settings: Callable[..., None], limit: int
    ) -> None:
        with_settings(allowed_networks=("127.0.0.0/8",), model_answer_characters=limit)
        use(informed, model)
        answer = answer_to(informed, app, QUESTION)
        (call,) = all_of(informed.database, ModelCall)
        assert (call.outcome, call.output_tokens > 0) == ("ok", True)
        assert (len(answer.content) <= limit + len(" …"), answer.content.endswith(" …")) == (True, limit == 30)
        assert answer.details["stop_reason"] == ("too_long" if limit == 30 else "complete")

    def test_the_builtin_agent_takes_over_and_says_so(self, informed: Desk, app: Flask, model: str) -> None:
        use(informed, model, model="scenario:server-error")
        answer = answer_to(informed, app, QUESTION)
        assert (answer.details["provider"], answer.details["fallback"]) == ("builtin", "builtin")
        assert "14 days" in answer.content
        calls = all_of(informed.database, ModelCall)
        assert {each.outcome for each in calls} == {"error"}

    def test_what_was_asked_for_an_answer_that_is_called_off_is_billed(
        self, informed: Desk, app: Flask, with_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_settings(allowed_networks=("127.0.0.0/8",), turn_lease_seconds=1)
        compose = answering.compose

        def call_off(question: Question, listener: Listener) -> Composed:
            def on_text(text: str) -> None:
                path = f"/v1/conversation/{informed.conversation_id}"
                informed.client.delete(path, headers=informed.cast.alice.headers)
                listener.on_text(text)

            return compose(question, replace(listener, on_text=on_text))

        monkeypatch.setattr(answering, "compose", call_off)
        with running_model_server(Pace(tokens=2_000, seconds=60)) as (url, _server):
            use(informed, f"{url}/v1", model="endless")
            turn = turn_of(informed, app, QUESTION)
        (call,) = all_of(informed.database, ModelCall)
        assert (turn.status, turn.error_code) == ("failed", "message_deleted")
        assert (call.outcome, call.turn_id, call.input_tokens > 0) == ("cancelled", turn.id, True)

    def test_what_was_asked_for_an_answer_that_is_called_off_and_fails_is_billed_once(
        self, informed: Desk, app: Flask, model: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(informed, model)
        compose, store = answering.compose, Spent.store_called_off

        def fail(question: Question, listener: Listener) -> Composed:
            compose(question, listener)
            path = f"/v1/conversation/{informed.conversation_id}"
            informed.client.delete(path, headers=informed.cast.alice.headers)
            raise ValueError

        def store_twice(spent: Spent, claim: Claim) -> None:
            store(spent, claim)
            store(spent, claim)  # as who didn't hear of the commit

        monkeypatch.setattr(answering, "compose", fail)
        monkeypatch.setattr(Spent, "store_called_off", store_twice)
        turn = turn_of(informed, app, QUESTION)
        (call,) = all_of(informed.database, ModelCall)
        assert (turn.error_code, call.outcome, call.turn_id) == ("message_deleted", "ok", turn.id)

    def test_an_answer_that_is_composed_anew_is_billed_with_what_came_before(
        self, informed: Desk, app: Flask, model: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(informed, model)
        (document,) = all_of(informed.database, Document)
        compose = answering.compose

        def outdate(question: Question, listener: Listener) -> Composed:
            composed = compose(question, listener)
            informed.client.delete(f"/v1/document/{document.id}", headers=informed.cast.alice.headers)
            return composed

        monkeypatch.setattr(answering, "compose", outdate)
        turn = turn_of(informed, app, QUESTION)
        (call,) = all_of(informed.database, ModelCall)
        assert (turn.status, turn.outcome) == ("completed", "refused")
        assert (call.outcome, call.turn_id) == ("ok", turn.id)

    def test_the_next_model_in_line_takes_over(self, informed: Desk, app: Flask, model: str) -> None:
        second = use(informed, model, model="echo")
        use(informed, model, model="scenario:overloaded", fallback_settings_id=second)
        answer = answer_to(informed, app, QUESTION)
        assert answer.details["model"] == "echo"

    def test_no_model_is_called_inside_the_operators_network(
        self, informed: Desk, app: Flask, model: str, with_settings: Callable[..., None]
    ) -> None:
        use(informed, model)
        with_settings(allowed_networks=())
        answer = answer_to(informed, app, QUESTION)
        assert answer.details["fallback"] == "builtin"

    def test_without_a_key_the_documents_own_sentences_answer(self, informed: Desk, app: Flask) -> None:
        answer = answer_to(informed, app, QUESTION)
        (citation,) = answer.citations
        assert "14 days" in citation["quote"]
        assert citation["quote"] in POLICY.decode()
        assert f"{citation['quote']} [1]" in answer.content
        assert all_of(informed.database, ModelCall) == []

    def test_a_deleted_document_is_never_cited_again(self, informed: Desk, app: Flask) -> None:
        (document,) = all_of(informed.database, Document)
        deleted = informed.client.delete(f"/v1/document/{document.id}", headers=informed.cast.alice.headers)
        assert deleted.status_code == 204
        answer = answer_to(informed, app, QUESTION)
        assert (answer.citations, answer.details["handover_offered"]) == ([], True)

    def test_search_finds_the_passage_and_nobody_elses(self, informed: Desk, app: Flask) -> None:
        body = {"query": QUESTION, "agent_id": str(informed.agent_id), "limit": 5}
        found = informed.client.post("/v1/search/document", json=body, headers=informed.cast.bob.headers)
        assert found.status_code == 200
        assert "14 days" in found.json["results"][0]["text"]
        stranger = informed.client.post("/v1/search/document", json=body, headers=informed.cast.charlie.headers)
        assert stranger.status_code == 404
        assert informed.client.post("/v1/search/document", json=body).status_code == 401
        key = informed.cast.key(informed.cast.alice, "read")
        assert informed.client.post("/v1/search/document", json=body, headers=key).status_code == 403
        for wrong in ({"limit": 51}, {"query": "  "}):
            bad = informed.client.post("/v1/search/document", json=body | wrong, headers=informed.cast.bob.headers)
            assert bad.status_code == 422
