"""Trying an agent out: one question, answered as a visitor's would be, of which nothing is stored."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.security.principal import Principal
from app.services import answering

SAMPLE_QUESTION = "Hello! What can you help me with?"


@dataclass(frozen=True)
class TestedAnswer:
    """What the agent would have said. `timing` is in milliseconds."""

    answer: str
    citations: Sequence[Mapping[str, Any]]
    outcome: str
    confidence: float
    language: str
    metadata: Mapping[str, Any]
    timing: Mapping[str, int]


def run(principal: Principal, agent_id: UUID, question: str = SAMPLE_QUESTION) -> TestedAnswer:
    """Asks an agent of the caller's company, active or not; raises `NotFound`. Waits for a model: call it without a
    transaction."""
    started = time.monotonic()
    composed = answering.answer_once(principal.company(), agent_id, question)
    return TestedAnswer(
        answer=composed.text,
        citations=composed.citations,
        outcome=composed.outcome,
        confidence=composed.confidence,
        language=composed.language,
        metadata=composed.metadata,
        timing={"total_ms": round((time.monotonic() - started) * 1000)},
    )
