"""Rows around agents, as if they had come to be long ago. Each function stores what it makes."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.document import Document
from app.models.lead import Lead
from app.models.llm_settings import LlmSettings
from app.models.message import Message, MessageRole
from app.models.model_call import ModelCall
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.models.turn import Turn
from app.models.unanswered_question import UnansweredQuestion

Row = TypeVar("Row")

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday


def stored(database: Session, row: Row) -> Row:
    """The row, stored."""
    database.add(row)
    database.commit()
    return row


def add_agent(database: Session, company_id: UUID, **values: Any) -> Agent:
    """An agent."""
    return stored(database, Agent(**{"company_id": company_id, "name": "Ronda", **values}))


def add_settings(database: Session, company_id: UUID, **values: Any) -> LlmSettings:
    """Settings, with a provider and two models of their own."""
    provider = stored(database, Provider(company_id=company_id, name=f"p{datetime.now(UTC).timestamp()}", type="fake"))
    chat, embedding = (
        stored(
            database,
            ProviderModel(
                company_id=company_id,
                provider_id=provider.id,
                name=kind,
                provider_model_id=kind,
                type=kind,
                embedding_dimension=384 if kind == "embedding" else None,
            ),
        )
        for kind in ("chat", "embedding")
    )
    chosen = {
        "llm_provider_id": provider.id,
        "llm_model_id": chat.id,
        "embedding_provider_id": provider.id,
        "embedding_model_id": embedding.id,
    }
    return stored(database, LlmSettings(company_id=company_id, **chosen, **values))


def add_lead(database: Session, company_id: UUID, **values: Any) -> Lead:
    """A lead."""
    person = {"first_name": "Lea", "last_name": "Leader", "email": "lea@example.com"}
    return stored(database, Lead(company_id=company_id, **person | values))


def add_conversation(database: Session, agent: Agent, *, hours_ago: float = 0, **values: Any) -> Conversation:
    """A conversation whose last message came so long ago."""
    said = datetime.now(UTC) - timedelta(hours=hours_ago)
    given = {"max_context_length": 4000, "last_message_at": said, **values}
    return stored(database, Conversation(company_id=agent.company_id, agent_id=agent.id, **given))


def add_message(database: Session, conversation: Conversation, sequence: int, **values: Any) -> Message:
    """A visitor's message, unless said otherwise."""
    said = {"role": MessageRole.USER, "content": "Hello?", **values}
    message = Message(company_id=conversation.company_id, conversation_id=conversation.id, sequence=sequence, **said)
    return stored(database, message)


def add_turn(database: Session, conversation: Conversation, sequence: int, **values: Any) -> Turn:
    """A turn with its message."""
    message = add_message(database, conversation, sequence)
    turn = Turn(
        company_id=conversation.company_id,
        conversation_id=conversation.id,
        message_id=message.id,
        agent_id=conversation.agent_id,
        sequence=sequence,
        **{"due_at": START, "created_at": START, **values},
    )
    return stored(database, turn)


def add_document(database: Session, agent: Agent, **values: Any) -> Document:
    """A processed document."""
    given = {"source": "file", "title": "Manual", "status": "processed", "due_at": START, **values}
    return stored(database, Document(company_id=agent.company_id, agent_id=agent.id, **given))


def add_question(database: Session, agent: Agent, **values: Any) -> UnansweredQuestion:
    """A question that the documents had no answer to."""
    given = {"question": "Do you ship to Iceland?", "language": "en", "confidence": 0.25, **values}
    return stored(database, UnansweredQuestion(company_id=agent.company_id, agent_id=agent.id, **given))


def add_model_call(database: Session, agent: Agent, **values: Any) -> ModelCall:
    """A call to a model that went well."""
    given = {
        "provider": "fake",
        "model": "fake-chat",
        "kind": "chat",
        "outcome": "ok",
        "input_tokens": 100,
        "output_tokens": 10,
        "estimated": False,
        "cost": 0.5,
        "total_ms": 900,
        **values,
    }
    return stored(database, ModelCall(company_id=agent.company_id, agent_id=agent.id, **given))
