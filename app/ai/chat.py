"""What a chat model is: the types that every provider takes and gives, and the ways in which one can fail."""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Literal, Protocol

from app.errors import Unavailable

_NOTHING: Mapping[str, object] = MappingProxyType({})

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of the talk with a model."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A question to a model. `extra` goes into the body as it is, for fields that only some servers know."""

    messages: tuple[ChatMessage, ...]
    temperature: float | None = None
    max_tokens: int = 1024
    # Where an answer is cut, whatever the server makes of `max_tokens`: it ends as TOO_LONG. None: nowhere.
    max_characters: int | None = None
    extra: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    # time.monotonic() at which whoever asked stops waiting; the timeouts of the provider hold as well.
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a model may take, in seconds. Reasoning counts as tokens, keep-alive comments don't."""

    connect: float = 5.0
    first_token: float = 30.0
    between_tokens: float = 20.0
    total: float = 120.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call used. `estimated`: the server didn't say, so we counted characters."""

    input_tokens: int
    output_tokens: int
    estimated: bool = False


class StopReason(StrEnum):
    """Why a model stopped, in one vocabulary for all vendors."""

    COMPLETE = "complete"
    TOO_LONG = "too_long"
    FILTERED = "filtered"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete; the last event of a stream. `model` is the name that the server gave."""

    usage: Usage
    stop_reason: StopReason
    model: str


class ChatProvider(Protocol):
    """A model that can be asked. Threads may share one."""

    @property
    def provider(self) -> str:
        """The vendor or protocol: `openai`, `anthropic`, `fake`."""

    @property
    def model(self) -> str:
        """The model's name, as the server knows it."""

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """Asks, and gives the answer as it comes: deltas, then one `Finished`. Raises `ModelError`.

        Closing the generator ends the HTTP stream, so that the vendor stops generating.
        """


class ModelError(Unavailable):
    """A call to a model failed. The text names provider, model and status, never a key or what was said."""

    code = "ai_service_unavailable"
    title = "AI service unavailable"
    detail = "The language model could not be reached. Try again shortly."
    # Stable words for records and metrics, and whether the same call may work a moment later.
    kind: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(
        self, reason: str, *, source: str = "", wait_seconds: float | None = None, server_said: str = ""
    ) -> None:
        """`source` is `provider/model`, `wait_seconds` what the server asked for by `Retry-After`.

        `server_said` is its own words, shortened and without keys, for the company's admin only.
        """
        super().__init__(
            f"{source}: {reason}" if source else reason,
            retry_after=None if wait_seconds is None else math.ceil(wait_seconds),
        )
        self.reason = reason
        self.wait_seconds = wait_seconds
        self.server_said = server_said


class ModelUnreachable(ModelError):
    """No connection, or the server itself is broken (5xx)."""

    kind, retryable = "unreachable", True


class ModelOverloaded(ModelError):
    """Too many requests (429) or no capacity (503, 529); `wait_seconds` if the server said for how long."""

    kind, retryable = "overloaded", True


class ModelTimedOut(ModelError):
    """Nothing came in time: see `Timeouts`."""

    kind, retryable = "timed_out", True


class ModelNeverBegan(ModelTimedOut):
    """Not a token came in time. Somebody has waited for all of `Timeouts.first_token` and would again, so the next
    model in line is asked instead."""

    retryable = False


class ModelStreamBroken(ModelError):
    """The stream ended or turned into nonsense before the answer was complete."""

    kind, retryable = "stream_broken", True


class ModelSaidNothing(ModelError):
    """The answer ended as it should, without a word: it was filtered, or all there was were thoughts or calls of tools.

    The same question would end the same way.
    """

    kind = "empty_answer"

    def __init__(self, *, source: str = "") -> None:
        super().__init__("the answer is empty", source=source)


class ModelRefusedCredentials(ModelError):
    """The key is wrong, may not use this model, or its account has no credit."""

    kind = "credentials_refused"


class ModelRejectedRequest(ModelError):
    """The request itself is wrong: an unknown model, too long a prompt, an unsupported value."""

    kind = "request_rejected"
