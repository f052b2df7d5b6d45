"""Counts about one agent. Each function is one statement that an index on the agent serves."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, cast, extract, func, select

from app.core.transaction import session
from app.models.conversation import Conversation, ConversationStatus
from app.models.document import Document
from app.models.lead import Lead
from app.models.message import Message, MessageRole, Rating
from app.models.model_call import ModelCall
from app.models.turn import Turn
from app.models.unanswered_question import UnansweredQuestion


def count_conversations(*, company_id: UUID, agent_id: UUID) -> Row[int, int, datetime]:
    """(total, open, last_message_at) of the agent's live conversations."""
    statement = select(
        func.count().label("total"),
        func.count().filter(Conversation.status == ConversationStatus.ACTIVE).label("open"),
        func.max(Conversation.last_message_at).label("last_message_at"),
    ).where(Conversation.company_id == company_id, Conversation.agent_id == agent_id, Conversation.deleted_at.is_(None))
    return session().execute(statement).one()


def count_messages(*, company_id: UUID, agent_id: UUID) -> Row[int, int, int, int, int]:
    """(total, visitors, agents, up, down) of the messages of its live conversations."""
    statement = (
        select(
            func.count().label("total"),
            func.count().filter(Message.role == MessageRole.USER).label("visitors"),
            func.count().filter(Message.role == MessageRole.ASSISTANT).label("agents"),
            func.count().filter(Message.feedback_rating == Rating.UP).label("up"),
            func.count().filter(Message.feedback_rating == Rating.DOWN).label("down"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.company_id == company_id,
            Conversation.company_id == company_id,
            Conversation.agent_id == agent_id,
            Conversation.deleted_at.is_(None),
            Message.deleted_at.is_(None),
        )
    )
    return session().execute(statement).one()


def count_leads(*, company_id: UUID, agent_id: UUID) -> int:
    """Live leads that met the agent."""
    statement = select(func.count()).where(
        Lead.company_id == company_id, Lead.agent_id == agent_id, Lead.deleted_at.is_(None)
    )
    return session().scalar(statement) or 0


def count_turns(*, company_id: UUID, agent_id: UUID) -> Sequence[Row[Any]]:
    """By status and outcome: (status, outcome, total, response_ms, timed, first_delta_ms, streamed): sums of
    milliseconds since the question came, and of how many turns."""
    response, first_delta = Turn.finished_at - Turn.created_at, Turn.first_delta_at - Turn.created_at
    statement = (
        select(
            Turn.status,
            Turn.outcome,
            func.count().label("total"),
            _milliseconds(response).label("response_ms"),
            func.count(Turn.finished_at).label("timed"),
            _milliseconds(first_delta).label("first_delta_ms"),
            func.count(Turn.first_delta_at).label("streamed"),
        )
        .where(Turn.company_id == company_id, Turn.agent_id == agent_id)
        .group_by(Turn.status, Turn.outcome)
    )
    return session().execute(statement).all()


def count_documents(*, company_id: UUID, agent_id: UUID) -> Sequence[Row[str, int, int]]:
    """By status: (status, total, chunks) of the agent's live documents."""
    statement = (
        select(Document.status, func.count().label("total"), func.sum(Document.chunk_count).label("chunks"))
        .where(Document.company_id == company_id, Document.agent_id == agent_id, Document.deleted_at.is_(None))
        .group_by(Document.status)
    )
    return session().execute(statement).all()


def count_unanswered(*, company_id: UUID, agent_id: UUID) -> Row[int, int]:
    """(total, open) of the questions that the documents had no answer to."""
    statement = select(
        func.count().label("total"), func.count().filter(UnansweredQuestion.resolved_at.is_(None)).label("open")
    ).where(UnansweredQuestion.company_id == company_id, UnansweredQuestion.agent_id == agent_id)
    return session().execute(statement).one()


def sum_model_calls(*, company_id: UUID, agent_id: UUID) -> Sequence[Row[str, int, int, int, Decimal]]:
    """By currency: (currency, calls, input_tokens, output_tokens, cost)."""
    statement = (
        select(
            ModelCall.currency,
            func.count().label("calls"),
            func.sum(ModelCall.input_tokens).label("input_tokens"),
            func.sum(ModelCall.output_tokens).label("output_tokens"),
            func.sum(ModelCall.cost).label("cost"),
        )
        .where(ModelCall.company_id == company_id, ModelCall.agent_id == agent_id)
        .group_by(ModelCall.currency)
        .order_by(ModelCall.currency)
    )
    return session().execute(statement).all()


def _milliseconds(span: Any) -> Any:
    return func.coalesce(extract("epoch", cast(func.sum(span), Interval)) * 1000, 0)
