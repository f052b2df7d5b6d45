"""Composing an answer: find passages, let a model (or the builtin agent) answer from them, decide what is cited."""

import logging
import time
from dataclasses import replace
from uuid import UUID

from app.ai import language
from app.ai.phrases import phrases, small_talk
from app.ai.resilience import AllModelsFailed
from app.core.settings import settings
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.errors import NotFound
from app.models.turn import TurnOutcome
from app.repositories import agents, database_tables
from app.services import builtin_answers, database_evidence, evidence, model_answers, model_choice
from app.services.evidence import Evidence
from app.services.model_choice import BUILTIN_EMBEDDING
from app.services.questions import Composed, Listener, Question

__all__ = ["Composed", "Listener", "Question", "answer_once", "compose"]

log = logging.getLogger(__name__)


def compose(question: Question, listener: Listener) -> Composed:
    """Answers a question. A model that is down is no error: the builtin agent takes over and the metadata says so.

    Raises `EmbeddingUnavailable` when the documents can't be searched at all.
    """
    expected = [*question.languages, *question.document_languages]
    spoken = language.detect(question.text, candidates=expected)
    polite = small_talk(question.text)
    if polite is not None:
        return _polite(getattr(phrases(spoken), polite), spoken, listener)
    started = time.monotonic()
    if question.choice.embedding != BUILTIN_EMBEDDING:
        listener.on_wait()
    found = evidence.find(question, spoken)
    searched = round((time.monotonic() - started) * 1000)
    listener.calls.extend(found.calls)
    composed = _compose(question, spoken, found, listener)
    composed.metadata["retrieval_ms"] = searched
    return composed


def answer_once(company_id: UUID, agent_id: UUID, text: str) -> Composed:
    """Answers a question that is part of no conversation. Raises `NotFound`."""
    with transaction():
        enter_company(company_id)
        agent = agents.get(company_id=company_id, agent_id=agent_id)
        if agent is None:
            raise NotFound
        question = Question(
            company_id=company_id,
            agent_id=agent_id,
            text=text,
            agent_name=agent.name,
            instructions=agent.instructions,
            personality=tuple(agent.personality_traits),
            languages=tuple(agent.languages),
            document_languages=tuple(agent.document_languages),
            space=agent.embedding_space,
            choice=model_choice.find(company_id=company_id, agent_id=agent_id),
            has_data=database_tables.has_any_for_visitors(company_id=company_id, agent_id=agent_id),
            deadline=time.monotonic() + settings().turn_seconds,
        )
    return compose(question, Listener(on_text=lambda _text: None, on_restart=lambda: None))


def _compose(question: Question, spoken: str, found: Evidence, listener: Listener) -> Composed:
    if not question.choice.chat:
        return builtin_answers.compose(question, spoken, found, listener)
    rows = database_evidence.find(question, listener.calls) if question.has_data else None
    if not found.passages and rows is None:
        return builtin_answers.refuse(question, spoken, 0.0, listener)
    wider = evidence.find_with_context(question, spoken)
    listener.calls.extend(wider.calls if wider else [])
    asked = replace(wider or found, results=() if rows is None else (rows,))
    try:
        return model_answers.compose(question, spoken, asked, listener)
    except AllModelsFailed as error:
        log.warning("no model answered, the builtin agent does", extra={"reasons": list(error.reasons)})
        listener.on_restart()
        composed = builtin_answers.compose(question, spoken, found, listener)
        composed.metadata["fallback"] = "builtin"
        return composed


def _polite(text: str, spoken: str, listener: Listener) -> Composed:
    listener.on_text(text)
    metadata = {"provider": "builtin"}
    return Composed(text=text, outcome=TurnOutcome.SMALL_TALK, language=spoken, confidence=1.0, metadata=metadata)
