"""Agents and conversations of acme and globex."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.clock import now
from app.core.ids import new_id
from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.message import Message, MessageRole
from app.models.turn import Turn, TurnStatus
from tests.cast import Cast, Headers, Person


@dataclass(frozen=True)
class Desk:
    """Acme's agent and Vera's conversation with it; globex's agent."""

    database: Session
    client: FlaskClient
    cast: Cast
    agent_id: UUID
    strange_agent_id: UUID
    conversation_id: UUID

    def ask(self, text: str = "When do you open?", who: Headers | None = None) -> dict[str, str]:
        """Asks in Vera's conversation, by default as Vera."""
        answer = self.client.post(
            f"/v1/conversation/{self.conversation_id}/chat",
            json={"message": text},
            headers=who or self.cast.vera.headers,
        )
        assert answer.status_code == 202, answer.json
        queued: dict[str, str] = answer.json
        return queued

    def answer(self, turn_id: str, text: str = "At nine. [1]") -> Message:
        """Stores an answer as a worker would have."""
        turn = self.database.get(Turn, UUID(turn_id))
        assert turn is not None
        conversation = self.database.get(Conversation, turn.conversation_id)
        assert conversation is not None
        message = Message(
            id=new_id(),
            company_id=turn.company_id,
            conversation_id=turn.conversation_id,
            sequence=conversation.next_sequence,
            role=MessageRole.ASSISTANT,
            content=text,
            reply_to_id=turn.message_id,
            language="en",
            citations=[{"index": 1, "quote": "We open at nine."}],
            details={"provider": "builtin"},
        )
        conversation.next_sequence += 1
        self.database.add(message)
        self.database.flush()
        turn.status, turn.answer_id, turn.finished_at, turn.attempt = TurnStatus.COMPLETED, message.id, now(), 1
        self.database.commit()
        return message

    def messages(self, who: Person | None = None) -> list[dict[str, object]]:
        """The messages of Vera's conversation as somebody reads them."""
        answer = self.client.get(
            f"/v1/conversation/{self.conversation_id}/messages", headers=(who or self.cast.vera).headers
        )
        assert answer.status_code == 200, answer.json
        items: list[dict[str, object]] = answer.json["items"]
        return items


def add_conversation(database: Session, agent: Agent, lead_id: UUID | None = None, **values: object) -> Conversation:
    """A conversation with an agent."""
    conversation = Conversation(
        id=new_id(),
        company_id=agent.company_id,
        agent_id=agent.id,
        lead_id=lead_id,
        max_context_length=4000,
        last_message_at=now(),
        **values,
    )
    database.add(conversation)
    database.flush()
    return conversation


@pytest.fixture
def desk(client: FlaskClient, database: Session, cast: Cast) -> Desk:
    """Everything that a conversation needs."""
    ours, theirs = (Agent(id=new_id(), company_id=each, name="Pia") for each in (cast.acme, cast.globex))
    database.add_all([ours, theirs])
    database.flush()
    conversation = add_conversation(database, ours, cast.vera.id)
    database.commit()
    return Desk(database, client, cast, ours.id, theirs.id, conversation.id)
