"""Figures about one conversation, from its own rows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.transaction import session

# Turns are found by their messages: no index has all of a conversation's. The metadata of an answer says how long the
# search took; the model's times are those of the call that answered.
_TURNS = text(
    """
    SELECT t.id, t.message_id, t.answer_id, t.sequence, t.status, t.outcome, t.attempt, t.error_code, t.created_at,
        t.started_at, t.first_delta_at, t.finished_at, a.metadata AS answer, a.feedback_rating, a.citations,
        calls.*
    FROM messages q
    JOIN turns t ON t.company_id = :company AND t.message_id = q.id
    LEFT JOIN messages a ON a.company_id = :company AND a.id = t.answer_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS calls, coalesce(sum(c.input_tokens), 0)::bigint AS input_tokens,
            coalesce(sum(c.output_tokens), 0)::bigint AS output_tokens,
            coalesce(sum(c.total_ms), 0)::bigint AS model_ms,
            min(c.first_token_ms) FILTER (WHERE c.outcome = 'ok' AND c.kind = 'chat') AS model_first_token_ms
        FROM model_calls c WHERE c.company_id = :company AND c.turn_id = t.id
    ) AS calls ON true
    WHERE q.company_id = :company AND q.conversation_id = :conversation
    ORDER BY q.sequence LIMIT :most
    """
)
_MESSAGES = text(
    """
    SELECT count(*) FILTER (WHERE role = 'user') AS visitor, count(*) FILTER (WHERE role = 'assistant') AS agent,
        count(*) FILTER (WHERE feedback_rating = 'up') AS feedback_up,
        count(*) FILTER (WHERE feedback_rating = 'down') AS feedback_down,
        min(created_at) AS first_at, max(created_at) AS last_at,
        coalesce(sum(jsonb_array_length(citations)), 0)::bigint AS citations
    FROM messages WHERE company_id = :company AND conversation_id = :conversation AND deleted_at IS NULL
    """
)
_COSTS = text(
    """
    SELECT c.currency, count(*) AS calls, count(*) FILTER (WHERE c.outcome <> 'ok') AS failed,
        sum(c.input_tokens)::bigint AS input_tokens, sum(c.output_tokens)::bigint AS output_tokens, sum(c.cost) AS cost
    FROM messages q
    JOIN turns t ON t.company_id = :company AND t.message_id = q.id
    JOIN model_calls c ON c.company_id = :company AND c.turn_id = t.id
    WHERE q.company_id = :company AND q.conversation_id = :conversation
    GROUP BY 1 ORDER BY 1
    """
)
_OUTCOMES = text(
    """
    SELECT count(*) AS turns, count(*) FILTER (WHERE t.status = 'completed' AND t.outcome = 'answered') AS answered,
        count(*) FILTER (WHERE t.status = 'completed' AND t.outcome = 'refused') AS refused,
        count(*) FILTER (WHERE t.status = 'completed' AND t.outcome = 'small_talk') AS small_talk,
        count(*) FILTER (WHERE t.status = 'failed') AS failed
    FROM messages q JOIN turns t ON t.company_id = :company AND t.message_id = q.id
    WHERE q.company_id = :company AND q.conversation_id = :conversation
    """
)


def turns(*, company_id: UUID, conversation_id: UUID, most: int) -> Sequence[Row[Any]]:
    """The first `most` turns in order, each with its answer's metadata and its calls to models."""
    values = {"company": company_id, "conversation": conversation_id, "most": most}
    return session().execute(_TURNS, values).all()


def messages(*, company_id: UUID, conversation_id: UUID) -> Row[Any]:
    """(visitor, agent, feedback_up, feedback_down, first_at, last_at, citations) of its live messages."""
    return session().execute(_MESSAGES, {"company": company_id, "conversation": conversation_id}).one()


def costs(*, company_id: UUID, conversation_id: UUID) -> Sequence[Row[Any]]:
    """Its calls to models by currency."""
    return session().execute(_COSTS, {"company": company_id, "conversation": conversation_id}).all()


def outcomes(*, company_id: UUID, conversation_id: UUID) -> Row[Any]:
    """(turns, answered, refused, small_talk, failed)."""
    return session().execute(_OUTCOMES, {"company": company_id, "conversation": conversation_id}).one()
