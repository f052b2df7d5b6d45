"""Questions that the documents had no answer to, for the team to work through."""

from uuid import UUID

from app.core.clock import now
from app.core.paging import Page, PageRequest
from app.errors import NotFound
from app.models.unanswered_question import UnansweredQuestion
from app.repositories import unanswered_questions
from app.security.principal import Principal
from app.services import agents, audit
from app.services.audit import Event


def find(
    principal: Principal, agent_id: UUID, wanted: PageRequest, *, resolved: bool | None
) -> Page[UnansweredQuestion]:
    """Questions asked of an agent of the caller's company; `resolved` None: all of them."""
    agent = agents.get(principal, agent_id)
    return unanswered_questions.find_page(
        company_id=agent.company_id, agent_id=agent.id, wanted=wanted, resolved=resolved
    )


def mark(principal: Principal, question_id: UUID, *, resolved: bool) -> UnansweredQuestion:
    """Notes that a question is taken care of, or is open again. Doing it twice changes nothing."""
    company_id = principal.company()
    question = unanswered_questions.get(company_id=company_id, question_id=question_id)
    if question is None:
        raise NotFound
    at = now() if resolved else None
    if unanswered_questions.set_resolved(company_id=company_id, question_id=question_id, at=at):
        event = Event.QUESTION_RESOLVED if resolved else Event.QUESTION_REOPENED
        audit.record(event, "unanswered_question", question_id, company_id=company_id, by=principal)
    return question
