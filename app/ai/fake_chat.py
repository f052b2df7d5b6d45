"""A chat model without a model, for tests and development: says what it is told to say, the same every time."""

import re
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from app.ai.chat import ChatRequest, Finished, ModelError, ModelTimedOut, StopReason, TextDelta, Usage
from app.ai.pricing import estimate_usage

_TOKENS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer: `text`, then `error` if there is one; `usage` None leaves it to be estimated."""

    text: str = ""
    error: ModelError | None = None
    usage: Usage | None = None
    stop_reason: StopReason = StopReason.COMPLETE


class FakeChat:
    """Gives its replies in turn, the last one again and again; without any it echoes the last message."""

    provider = "fake"

    def __init__(
        self, replies: Sequence[Reply | str] = (), *, model: str = "echo", seconds_per_token: float = 0.0
    ) -> None:
        """`seconds_per_token` is waited before each token, words with the space after them."""
        self.model = model
        self.requests: list[ChatRequest] = []
        self.closed = 0
        self._replies = [Reply(reply) if isinstance(reply, str) else reply for reply in replies]
        self._seconds_per_token = seconds_per_token
        self._lock = threading.Lock()

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """See `ChatProvider`. What was asked is kept in `requests`; `closed` counts streams that were left early."""
        reply = self._next_reply(request)
        try:
            for token in _TOKENS.findall(reply.text):
                self._wait(request)
                yield TextDelta(token)
        except GeneratorExit:
            self.closed += 1
            raise
        if reply.error:
            raise reply.error
        yield Finished(reply.usage or estimate_usage(request.messages, reply.text), reply.stop_reason, self.model)

    def _next_reply(self, request: ChatRequest) -> Reply:
        with self._lock:
            self.requests.append(request)
            if not self._replies:
                return Reply(request.messages[-1].content)
            return self._replies[min(len(self.requests), len(self._replies)) - 1]

    def _wait(self, request: ChatRequest) -> None:
        if self._seconds_per_token:
            time.sleep(self._seconds_per_token)
        if request.deadline is not None and time.monotonic() >= request.deadline:
            raise ModelTimedOut("the answer was not complete in time", source=f"{self.provider}/{self.model}")
