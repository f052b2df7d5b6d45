"""Having a model write SQL for a question, and having it put right what was wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from app.ai.chat import ChatMessage, ChatRequest, TextDelta
from app.ai.resilience import AllModelsFailed, RetryPolicy, Switched, stream_with_fallback
from app.core.settings import settings
from app.services import chat_lines
from app.services.call_costs import Call
from app.services.model_choice import ChatChoice
from app.textsql import generate
from app.textsql.generate import Written
from app.textsql.watch import CallerLeft

_LONGEST_ANSWER = 40_000


class NothingUnderstood(Exception):
    """What the model answered is neither SQL nor a refusal."""


@dataclass(frozen=True)
class Asked:
    """One answer of a model, and the messages that led to it."""

    written: Written
    answer: str
    messages: Sequence[ChatMessage]


def ask(
    line: tuple[ChatChoice, ...],
    messages: Sequence[ChatMessage],
    calls: list[Call],
    *,
    deadline: float,
    gone: Callable[[], bool] | None = None,
) -> Asked:
    """Asks the first model in line that answers; `calls` gets a record of every attempt. Raises `AllModelsFailed`, and
    `CallerLeft` when `gone` says so."""
    if time.monotonic() >= deadline:
        raise AllModelsFailed(("no time was left",))
    parts: list[str] = []
    events = stream_with_fallback(
        [chat_lines.candidate(each) for each in line],
        ChatRequest(messages=tuple(messages), deadline=deadline),
        policy=RetryPolicy(attempts=settings().model_attempts),
        on_call=chat_lines.recorder(line, calls),
    )
    with closing(events):
        for event in events:
            if gone is not None and gone():
                raise CallerLeft
            if isinstance(event, Switched):
                parts.clear()
            elif isinstance(event, TextDelta) and sum(map(len, parts)) < _LONGEST_ANSWER:
                parts.append(event.text)
    answer = "".join(parts)
    return Asked(generate.read(answer), answer, messages)
