"""The builtin agent: answers with the documents' own sentences, each with where it stands."""

import re

from app.ai import extractive
from app.ai.extractive import Extract
from app.ai.phrases import phrases
from app.core.settings import settings
from app.core.tenancy import enter_company
from app.core.transaction import transaction
from app.models.turn import TurnOutcome
from app.repositories import documents
from app.services import evidence
from app.services.citing import citation
from app.services.evidence import Evidence
from app.services.questions import Composed, Listener, Question

_BETWEEN = "\n\n"

_FOOTNOTE = re.compile(r"\[(\^?\d{1,3})\]")


def compose(question: Question, spoken: str, found: Evidence, listener: Listener) -> Composed:
    """The best-supported sentences of the passages, or the refusal when they don't answer the question."""
    # Marks and emoji alone ask for nothing, however near to some sentence their vector may be.
    first = extract(found, spoken) if any(map(str.isalnum, question.text)) else None
    if first is not None and _enough(first):
        return _quote(found, first, spoken, listener)
    wider = evidence.find_with_context(question, spoken)
    second = extract(wider, spoken) if wider else None
    if wider is not None and second is not None and _enough(second):
        return _quote(wider, second, spoken, listener)
    return refuse(question, spoken, first.confidence if first else 0.0, listener)


def refuse(question: Question, spoken: str, confidence: float, listener: Listener) -> Composed:
    """Says that the documents don't tell, and offers a person; that some are still being read, when it is so."""
    said = phrases(spoken)
    with transaction():
        enter_company(question.company_id)
        unread = documents.are_on_their_way(company_id=question.company_id, agent_id=question.agent_id)
    text = f"{said.refusal}{_BETWEEN}{said.still_reading}" if unread else said.refusal
    listener.on_text(text)
    return Composed(
        text=text,
        outcome=TurnOutcome.REFUSED,
        language=spoken,
        confidence=round(confidence, 4),
        metadata={
            "provider": "builtin",
            "confidence": round(confidence, 4),
            "handover_offered": True,
            **({"documents_unread": True} if unread else {}),
        },
    )


def extract(found: Evidence, spoken: str) -> Extract | None:
    """The sentences that fit best, whether or not they are enough; None when there is nothing to search."""
    if not found.passages or found.embedder is None:
        return None
    passages = [
        extractive.Passage(
            index=index,
            text=each.text,
            score=each.score,
            heading=" › ".join(each.heading_path),
            title=each.title,
            language=each.language,
        )
        for index, each in enumerate(found.passages)
    ]
    return extractive.extract(found.asked, passages, found.standing, embedder=found.embedder, language=spoken)


def _enough(found: Extract) -> bool:
    return bool(found.sentences) and found.confidence >= settings().evidence_floor


def _quote(found: Evidence, chosen: Extract, spoken: str, listener: Listener) -> Composed:
    parts: list[str] = []
    citations = []
    for index, each in enumerate(chosen.sentences, start=1):
        part = f"{_BETWEEN if parts else ''}{_unmarked(each.text)} [{index}]"
        listener.on_text(part)
        parts.append(part)
        citations.append(citation(index, found.passages[each.passage_index], each.start, each.end))
    return Composed(
        text="".join(parts),
        outcome=TurnOutcome.ANSWERED,
        language=spoken,
        confidence=round(chosen.confidence, 4),
        citations=citations,
        metadata={"provider": "builtin", "confidence": round(chosen.confidence, 4)},
    )


def _unmarked(text: str) -> str:
    """A document's own footnotes, `[2]`, would be taken for our markers."""
    return _FOOTNOTE.sub(r"(\1)", text)
