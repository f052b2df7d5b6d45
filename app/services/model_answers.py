"""Answers of language models: asked with numbered passages, streamed as they come, cited by the numbers they name.

A model says only numbers; which passage a number stands for, and which words of it are quoted, is decided here.
"""

from contextlib import closing
from typing import Any

from app.ai.chat import ChatMessage, ChatRequest, Finished, StopReason
from app.ai.citations import CitationFilter
from app.ai.extractive import select_quote
from app.ai.prompts import AgentVoice, PromptPassage, build_messages
from app.ai.resilience import RetryPolicy, Switched, stream_with_fallback
from app.core.settings import settings
from app.models.provider_model import ModelType
from app.models.turn import TurnOutcome
from app.services import builtin_answers, chat_lines
from app.services.call_costs import Call
from app.services.citing import citation, citation_of_rows
from app.services.evidence import Evidence
from app.services.questions import Composed, Listener, Question

# Ends what a model, or we, cut: it may stop amid a sentence.
_CUT = " …"


def compose(question: Question, spoken: str, found: Evidence, listener: Listener) -> Composed:
    """The answer of the first model in line that gives one; raises `AllModelsFailed`. The listener's `calls` get a
    record of every attempt."""
    line = question.choice.chat
    written = CitationFilter(range(1, len(found.passages) + len(found.results) + 1))
    finished: Finished | None = None
    events = stream_with_fallback(
        [chat_lines.candidate(each) for each in line],
        ChatRequest(
            messages=_messages(question, spoken, found),
            max_characters=settings().model_answer_characters,
            deadline=question.deadline,
        ),
        policy=RetryPolicy(attempts=settings().model_attempts),
        on_call=chat_lines.recorder(line, listener.calls),
    )
    listener.on_wait()
    with closing(events):
        for event in events:
            if isinstance(event, Switched):
                listener.on_restart()
                written = CitationFilter(range(1, len(found.passages) + len(found.results) + 1))
            elif isinstance(event, Finished):
                finished = event
            else:
                _say(listener, written.feed(event.text.replace("\x00", "")))
    if finished is not None and finished.stop_reason is StopReason.TOO_LONG:
        _say(listener, written.feed(_CUT))
    _say(listener, written.finish())
    if written.no_answer or not written.text.strip():
        listener.on_restart()
        return _refusal(question, spoken, found, listener)
    citations = _citations(written, found, spoken)
    # What names no source is marked as such: the model may have it from anywhere.
    uncited = {} if citations else {"uncited": True}
    return Composed(
        text=written.text,
        outcome=TurnOutcome.ANSWERED,
        language=spoken,
        confidence=_confidence(found),
        citations=citations,
        metadata=_metadata(listener.calls, finished) | uncited,
    )


def _messages(question: Question, spoken: str, found: Evidence) -> tuple[ChatMessage, ...]:
    voice = AgentVoice(
        name=question.agent_name,
        personality=", ".join(question.personality),
        instructions=question.instructions or "",
        languages=question.languages,
    )
    passages = [
        PromptPassage(index, each.title, " › ".join(each.heading_path), each.page, each.text)
        for index, each in enumerate(found.sources, start=1)
    ]
    return tuple(
        build_messages(
            agent=voice, history=question.history, passages=passages, question=question.text, language=spoken
        )
    )


def _say(listener: Listener, text: str) -> None:
    if text:
        listener.on_text(text)


def _refusal(question: Question, spoken: str, found: Evidence, listener: Listener) -> Composed:
    refused = builtin_answers.refuse(question, spoken, _confidence(found), listener)
    refused.metadata.update(_metadata(listener.calls, None))
    return refused


def _citations(written: CitationFilter, found: Evidence, spoken: str) -> list[dict[str, Any]]:
    cited: dict[int, dict[str, Any]] = {}
    for marker in written.markers:
        if marker.index not in cited:
            cited[marker.index] = _citation(marker.index, written.statement_for(marker), found, spoken)
    return [cited[index] for index in sorted(cited)]


def _citation(index: int, statement: str, found: Evidence, spoken: str) -> dict[str, Any]:
    if index > len(found.passages):
        return citation_of_rows(index, found.results[index - len(found.passages) - 1])
    passage = found.passages[index - 1]
    span = select_quote(statement, passage.text, spoken)
    return citation(index, passage, span.start, span.end)


def _confidence(found: Evidence) -> float:
    return round(max((each.cosine for each in found.sources), default=0.0), 4)


def _metadata(calls: list[Call], finished: Finished | None) -> dict[str, Any]:
    last = calls[-1] if calls else None
    chat = [each for each in calls if each.kind is ModelType.CHAT]
    metadata: dict[str, Any] = {
        "provider": last.provider_name if last else None,
        "model": last.record.model if last else None,
        "input_tokens": sum(each.record.input_tokens for each in chat),
        "output_tokens": sum(each.record.output_tokens for each in chat),
    }
    if finished is not None:
        metadata["stop_reason"] = finished.stop_reason.value
    return metadata
