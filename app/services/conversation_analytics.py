"""Analytics of one conversation: its timeline, what every turn took by stage, tokens and costs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.repositories import conversation_figures
from app.security.principal import Principal
from app.services import conversations, figures

# Longer conversations show so many turns; their sums are of all.
MOST_TURNS = 500


def compute(principal: Principal, conversation_id: UUID) -> dict[str, Any]:
    """What happened in a conversation that the caller may read. Raises `NotFound`."""
    talk = conversations.get_readable(principal, conversation_id)
    of = {"company_id": talk.company_id, "conversation_id": talk.id}
    said, ended = conversation_figures.messages(**of), conversation_figures.outcomes(**of)
    seconds = (said.last_at - said.first_at).total_seconds() if said.first_at else 0.0
    return {
        "conversation_id": talk.id,
        "agent_id": talk.agent_id,
        "lead_id": talk.lead_id,
        "status": talk.status,
        "created_at": talk.created_at,
        "last_message_at": talk.last_message_at,
        "duration_seconds": round(seconds, 3),
        "messages": {"total": said.visitor + said.agent, "visitor": said.visitor, "agent": said.agent},
        "citations": said.citations,
        "feedback": figures.feedback(said),
        **{name: getattr(ended, name) for name in ("turns", "answered", "refused", "small_talk", "failed")},
        "models": figures.costs(conversation_figures.costs(**of)),
        "timeline": [_turn(row) for row in conversation_figures.turns(**of, most=MOST_TURNS)],
    }


def _turn(row: Any) -> dict[str, Any]:
    searched = (row.answer or {}).get("retrieval_ms")
    return {
        "task_id": row.id,
        "message_id": row.message_id,
        "answer_id": row.answer_id,
        "sequence": row.sequence,
        "status": row.status,
        "outcome": row.outcome,
        "attempts": row.attempt,
        "error_code": row.error_code,
        "asked_at": row.created_at,
        "finished_at": row.finished_at,
        "feedback": row.feedback_rating,
        "citations": len(row.citations or ()),
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "model_calls": row.calls,
        "stages": {
            "queued_ms": _between(row.created_at, row.started_at),
            "retrieval_ms": searched,
            "model_first_token_ms": row.model_first_token_ms,
            "first_words_ms": _between(row.created_at, row.first_delta_at),
            "writing_ms": _between(row.first_delta_at, row.finished_at),
            "models_ms": row.model_ms,
            "total_ms": _between(row.created_at, row.finished_at),
        },
    }


def _between(begin: datetime | None, end: datetime | None) -> int | None:
    return None if begin is None or end is None else round((end - begin).total_seconds() * 1000)
