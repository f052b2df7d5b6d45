"""What a model is shown of a conversation."""

from collections.abc import Sequence

from app.ai.chat import ChatMessage
from app.ai.pricing import estimate_tokens


def bounded(latest_first: Sequence[ChatMessage], most_tokens: int) -> tuple[ChatMessage, ...]:
    """As many of the latest messages as fit into `most_tokens`, the oldest first, beginning with the visitor's."""
    kept: list[ChatMessage] = []
    left = most_tokens
    for message in latest_first:
        left -= estimate_tokens(message.content)
        if left < 0:
            break
        kept.append(message)
    while kept and kept[-1].role != "user":
        kept.pop()
    return tuple(reversed(kept))
