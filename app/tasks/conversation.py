"""Answering."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import turns


@celery.task(name=JobName.ANSWER_TURN.value)
def answer_turn(company_id: str, turn_id: str) -> None:
    """Answers one message, unless somebody else does."""
    turns.answer(UUID(company_id), UUID(turn_id))


@celery.task(name=JobName.SWEEP_TURNS.value)
def sweep_turns() -> None:
    """Finds messages whose job was lost or whose worker died."""
    turns.sweep()
