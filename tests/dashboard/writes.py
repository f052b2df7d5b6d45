"""Random writes, as the application, the team and time itself make them."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.models.api_request import ApiRequest
from app.models.conversation import Conversation
from app.models.lead import Lead
from app.models.message import Message
from app.models.model_call import ModelCall
from app.models.turn import Turn
from app.models.unanswered_question import UnansweredQuestion

_QUESTIONS = ("Do you ship to Iceland?", "do you ship to iceland", "What about returns?", "Hello!", "¿Abren hoy?")
_ENDPOINTS = (("GET", "/v1/lead"), ("POST", "/v1/conversation"), ("GET", "/v1/company"))


class Writer:
    """Changes a company's rows at random. Rows are made at some time of `days` before and up to `until`."""

    def __init__(self, database: Session, company_id: UUID, agents: list[UUID], until: datetime, seed: int) -> None:
        self.database, self.company_id, self.until = database, company_id, until
        self.agents = agents
        self.random = random.Random(seed)
        self.keys: list[UUID | None] = [None]
        self.documents = [uuid4() for _ in range(4)]

    def step(self) -> None:
        """One transaction."""
        makers = (
            self._ask,
            self._ask,
            self._call_api,
            self._register,
            self._rate,
            self._delete,
            self._restore,
            self._settle,
            self._qualify,
            self._remove,
        )
        self.random.choice(makers)()
        self.database.commit()

    def _moment(self) -> datetime:
        return self.until - timedelta(seconds=self.random.uniform(0, 3.5 * 86_400))

    def _some(self, model: Any, *where: Any) -> Any:
        ids = self.database.scalars(select(model.id).where(model.company_id == self.company_id, *where)).all()
        if not ids:
            return None
        # What another writer changes at this moment is left to it.
        chosen = select(model).where(model.id == self.random.choice(ids)).with_for_update(skip_locked=True)
        return self.database.scalars(chosen.execution_options(populate_existing=True)).first()

    def _ask(self) -> None:
        at, pick = self._moment(), self.random
        talk = self._some(Conversation, Conversation.deleted_at.is_(None))
        if talk is None or pick.random() < 0.3:
            lead = self._some(Lead, Lead.deleted_at.is_(None))
            talk = Conversation(
                company_id=self.company_id,
                agent_id=pick.choice(self.agents),
                lead_id=lead and lead.id,
                max_context_length=4000,
                created_at=at,
                next_sequence=1,
            )
            self.database.add(talk)
            self.database.flush()
        place, talk.next_sequence = talk.next_sequence, talk.next_sequence + 2
        said = {"company_id": self.company_id, "conversation_id": talk.id}
        question = Message(**said, sequence=place, role="user", content=pick.choice(_QUESTIONS), created_at=at)
        self.database.add(question)
        self.database.flush()
        took = timedelta(milliseconds=pick.randrange(1, 20_000))
        outcome = pick.choice(("answered", "refused", "small_talk", None))
        citations = [{"document_id": str(pick.choice(self.documents))} for _ in range(pick.randrange(3))]
        answer = Message(
            **said,
            sequence=place + 1,
            role="assistant",
            content="Yes.",
            reply_to_id=question.id,
            citations=citations,
            details={"handover_offered": True} if outcome == "refused" else {},
            created_at=at + took,
        )
        turn = Turn(
            company_id=self.company_id,
            conversation_id=talk.id,
            message_id=question.id,
            agent_id=talk.agent_id,
            sequence=place,
            status="completed" if outcome else "processing",
            outcome=outcome,
            due_at=at,
            created_at=at,
            started_at=at + took / 4,
            first_delta_at=at + took / 2 if pick.random() < 0.8 else None,
            finished_at=at + took if outcome else None,
        )
        call = ModelCall(
            company_id=self.company_id,
            agent_id=pick.choice([talk.agent_id, None]),
            provider="fake",
            model=pick.choice(("small", "large")),
            kind="chat",
            outcome=pick.choice(("ok", "ok", "timeout")),
            currency=pick.choice(("USD", "EUR")),
            input_tokens=pick.randrange(1000),
            output_tokens=pick.randrange(100),
            estimated=False,
            cost=pick.randrange(1000) / 8,
            total_ms=500,
            created_at=at,
        )
        self.database.add_all([answer, turn, call])
        if outcome == "refused":
            self.database.add(
                UnansweredQuestion(
                    company_id=self.company_id,
                    agent_id=talk.agent_id,
                    message_id=question.id,
                    question=question.content,
                    confidence=0.2,
                    created_at=at,
                )
            )

    def _call_api(self) -> None:
        pick = self.random
        for _ in range(pick.randrange(1, 30)):
            method, endpoint = pick.choice(_ENDPOINTS)
            status, code = pick.choice(((200, None), (200, None), (404, "resource_not_found"), (429, "x"), (500, "y")))
            key = pick.choice(self.keys)
            self.database.add(
                ApiRequest(
                    company_id=self.company_id,
                    created_at=self._moment(),
                    caller_kind="api_key" if key else "user",
                    caller_id=uuid4(),
                    api_key_id=key,
                    method=method,
                    endpoint=endpoint,
                    status=status,
                    error_code=code,
                    duration_ms=round(pick.uniform(0.01, 3000), 3),
                    category="general",
                    scope="read" if key else None,
                    resource="leads" if key else None,
                )
            )

    def _register(self) -> None:
        pick = self.random
        lead = Lead(
            company_id=self.company_id,
            first_name="Some",
            last_name="Body",
            email=None,
            source=pick.choice(("widget", "import", None)),
            agent_id=pick.choice([*self.agents, None]),
            created_at=self._moment(),
        )
        self.database.add(lead)

    def _rate(self) -> None:
        answer = self._some(Message, Message.role == "assistant")
        if answer:
            answer.feedback_rating = self.random.choice(("up", "down", None))

    def _delete(self) -> None:
        victim = self._some(self.random.choice((Message, Conversation, Lead)))
        if victim:
            victim.deleted_at = self.until

    def _restore(self) -> None:
        for model in (Message, Conversation, Lead):
            gone = self._some(model, model.deleted_at.is_not(None))
            if gone:
                gone.deleted_at = None

    def _settle(self) -> None:
        turn = self._some(Turn, Turn.status == "processing")
        if turn:
            failed = self.random.random() < 0.5
            turn.status, turn.outcome = ("failed", None) if failed else ("completed", "answered")
            turn.finished_at = turn.created_at + timedelta(seconds=2)
        question = self._some(UnansweredQuestion)
        if question:
            question.resolved_at = None if question.resolved_at else self.until

    def _qualify(self) -> None:
        lead = self._some(Lead)
        if lead:
            lead.status = self.random.choice(("contacted", "converted", "lost"))
            lead.source = self.random.choice(("widget", None))

    def _remove(self) -> None:
        if self.random.random() < 0.3:
            return
        call = self._some(ApiRequest)
        if call:
            self.database.execute(delete(ApiRequest).where(ApiRequest.id == call.id))
        talk = self._some(Conversation)
        if talk:
            moved = self._moment()
            self.database.execute(update(Conversation).where(Conversation.id == talk.id).values(created_at=moved))
