"""Questions that the documents had no answer to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.ids import new_id
from app.core.paging import Page, PageRequest, paginate
from app.core.transaction import session
from app.models.unanswered_question import UnansweredQuestion
from app.repositories.changes import changed_rows


def add(
    *,
    company_id: UUID,
    agent_id: UUID,
    message_id: UUID | None,
    question: str,
    language: str | None,
    confidence: float,
) -> bool:
    """Keeps a question. False when that of the message is kept already."""
    statement = insert(UnansweredQuestion).values(
        id=new_id(),
        company_id=company_id,
        agent_id=agent_id,
        message_id=message_id,
        question=question,
        language=language,
        confidence=confidence,
    )
    return changed_rows(statement.on_conflict_do_nothing(index_elements=["message_id"])) == 1


def get(*, company_id: UUID, question_id: UUID) -> UnansweredQuestion | None:
    """A question asked of an agent of the company."""
    statement = select(UnansweredQuestion).where(
        UnansweredQuestion.company_id == company_id, UnansweredQuestion.id == question_id
    )
    return session().scalars(statement).first()


def find_page(
    *, company_id: UUID, agent_id: UUID, wanted: PageRequest, resolved: bool | None
) -> Page[UnansweredQuestion]:
    """Questions asked of an agent, the newest first; `resolved` None: all of them."""
    question = UnansweredQuestion
    statement = select(question).where(question.company_id == company_id, question.agent_id == agent_id)
    if resolved is not None:
        is_resolved = question.resolved_at.is_not(None)
        statement = statement.where(is_resolved if resolved else ~is_resolved)
    return paginate(statement.order_by(question.created_at.desc(), question.id.desc()), wanted)


def set_resolved(*, company_id: UUID, question_id: UUID, at: datetime | None) -> bool:
    """Resolves an open question (`at` given) or opens a resolved one (`at` None). False when there was none such."""
    question = UnansweredQuestion
    state = question.resolved_at.is_(None) if at else question.resolved_at.is_not(None)
    statement = update(question).where(question.company_id == company_id, question.id == question_id, state)
    return changed_rows(statement.values(resolved_at=at)) == 1
