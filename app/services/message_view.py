"""A message as the API, the streams and the history show it: made in one place, so that they are identical."""

from datetime import datetime
from typing import Any

from app.models.message import Message
from app.models.turn import Turn, TurnStatus


def shown(message: Message, turn: Turn | None = None) -> dict[str, Any]:
    """A message as plain JSON. `turn` is the one that answers it, for messages of visitors."""
    return {
        "id": str(message.id),
        "conversation_id": str(message.conversation_id),
        "sequence": message.sequence,
        "role": message.role,
        "content": message.content,
        "reply_to_id": None if message.reply_to_id is None else str(message.reply_to_id),
        "language": message.language,
        "citations": message.citations,
        "metadata": message.details,
        "feedback": _feedback(message),
        "status": turn.status if turn else TurnStatus.COMPLETED.value,
        "task_id": None if turn is None else str(turn.id),
        "error": shown_error(turn),
        "created_at": _moment(message.created_at),
        "deleted_at": _moment(message.deleted_at),
    }


def shown_error(turn: Turn | None) -> dict[str, str] | None:
    """Why a turn failed, as plain JSON; None unless it did."""
    if turn is None or turn.error_code is None:
        return None
    return {"code": turn.error_code, "detail": turn.error or ""}


def _feedback(message: Message) -> dict[str, Any] | None:
    if message.feedback_at is None:
        return None
    return {
        "rating": message.feedback_rating,
        "comment": message.feedback_comment,
        "at": _moment(message.feedback_at),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
