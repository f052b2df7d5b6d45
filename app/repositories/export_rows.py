"""Rows of exports, batch by batch in the order of their making: each batch begins behind the last row of the one
before, so that the last one costs what the first did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.transaction import session

_PAGE = """company_id = :company AND created_at < :end AND (created_at, id) > (:after_at, CAST(:after_id AS uuid))
    AND created_at >= :after_at AND deleted_at IS NULL ORDER BY created_at, id LIMIT :most"""
_CONVERSATIONS = text(
    f"""
    SELECT c.id, c.agent_id, a.name AS agent_name, c.lead_id, c.user_id, c.status, c.title, c.created_at,
        c.last_message_at, m.visitor_messages, m.agent_messages, m.feedback_up, m.feedback_down, t.turns, t.answered,
        t.refused, t.small_talk, t.failed, k.input_tokens, k.output_tokens, k.cost
    FROM (SELECT * FROM conversations WHERE {_PAGE}) AS c
    LEFT JOIN agents a ON a.company_id = :company AND a.id = c.agent_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE role = 'user') AS visitor_messages,
            count(*) FILTER (WHERE role = 'assistant') AS agent_messages,
            count(*) FILTER (WHERE feedback_rating = 'up') AS feedback_up,
            count(*) FILTER (WHERE feedback_rating = 'down') AS feedback_down
        FROM messages WHERE company_id = :company AND conversation_id = c.id AND deleted_at IS NULL
    ) AS m
    CROSS JOIN LATERAL (
        SELECT count(*) AS turns, count(*) FILTER (WHERE status = 'completed' AND outcome = 'answered') AS answered,
            count(*) FILTER (WHERE status = 'completed' AND outcome = 'refused') AS refused,
            count(*) FILTER (WHERE status = 'completed' AND outcome = 'small_talk') AS small_talk,
            count(*) FILTER (WHERE status = 'failed') AS failed
        FROM messages q JOIN turns ON turns.company_id = :company AND turns.message_id = q.id
        WHERE q.company_id = :company AND q.conversation_id = c.id
    ) AS t
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
            coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
            string_agg(cost || ' ' || currency, '; ' ORDER BY currency) AS cost
        FROM (
            SELECT mc.currency, sum(mc.input_tokens) AS input_tokens, sum(mc.output_tokens) AS output_tokens,
                sum(mc.cost)::text AS cost
            FROM messages q
            JOIN turns ON turns.company_id = :company AND turns.message_id = q.id
            JOIN model_calls mc ON mc.company_id = :company AND mc.turn_id = turns.id
            WHERE q.company_id = :company AND q.conversation_id = c.id GROUP BY 1
        ) AS by_currency
    ) AS k
    ORDER BY c.created_at, c.id
    """  # noqa: S608 - our own words
)
_LEADS = text(
    f"""
    SELECT l.id, l.first_name, l.last_name, l.email, l.phone, l.source, l.status, l.agent_id, a.name AS agent_name,
        l.language, l.page, l.consent_marketing, l.consent_data_processing, l.created_at, l.updated_at,
        (SELECT count(*) FROM conversations c WHERE c.company_id = :company AND c.lead_id = l.id
            AND c.deleted_at IS NULL) AS conversations
    FROM (SELECT * FROM leads WHERE {_PAGE}) AS l
    LEFT JOIN agents a ON a.company_id = :company AND a.id = l.agent_id
    ORDER BY l.created_at, l.id
    """  # noqa: S608 - our own words
)


def conversations(*, company_id: UUID, after: tuple[datetime, UUID], end: datetime, most: int) -> Sequence[Row[Any]]:
    """Live conversations that were opened after a row and before a moment, with their figures."""
    return session().execute(_CONVERSATIONS, _values(company_id, after, end, most)).all()


def leads(*, company_id: UUID, after: tuple[datetime, UUID], end: datetime, most: int) -> Sequence[Row[Any]]:
    """Live leads that came after a row and before a moment."""
    return session().execute(_LEADS, _values(company_id, after, end, most)).all()


def _values(company_id: UUID, after: tuple[datetime, UUID], end: datetime, most: int) -> dict[str, Any]:
    return {"company": company_id, "after_at": after[0], "after_id": str(after[1]), "end": end, "most": most}
