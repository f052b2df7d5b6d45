"""What the vendors have in common: reading a streamed answer, and telling our errors from theirs."""

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import httpcore2
import httpx2

from app.ai import event_lines, wire
from app.ai.chat import (
    ChatRequest,
    Finished,
    ModelError,
    ModelNeverBegan,
    ModelOverloaded,
    ModelRefusedCredentials,
    ModelRejectedRequest,
    ModelStreamBroken,
    ModelTimedOut,
    ModelUnreachable,
    StopReason,
    TextDelta,
    Usage,
)
from app.ai.deadlines import Clock
from app.ai.event_lines import EventStreamError
from app.ai.pricing import estimate_usage

_LONGEST_QUOTE = 300
# What most servers have at an address that lacks its /v1. Asking again would bring the same page.
_WEB_PAGE = "the server answered with a web page: see whether the address of its API is right; many end with /v1"
_TIMED_OUT = (httpcore2.ReadTimeout, httpcore2.WriteTimeout)
_LOOKS_LIKE_A_KEY = re.compile(r"(?i)\b(?:sk|pk|key|token|bearer|gsk|xai)[-_][\w*.-]{6,}|\bbearer \S+|[\w*-]{32,}")
_BUSY = frozenset({"overloaded_error", "rate_limit_error", "rate_limit_exceeded", "too_many_requests"})
_NO_CREDIT = frozenset({"insufficient_quota", "billing_error", "billing_hard_limit_reached", "credit_balance_too_low"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from, as errors name it. The key is here only to be struck out of what the server says."""

    provider: str
    model: str
    api_key: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"

    def __repr__(self) -> str:
        return f"<Source {self}>"


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as the server words it, whatever shape its JSON has; empty where it says nothing."""

    message: str = ""
    kind: str = ""
    code: str = ""
    parameter: str = ""

    @classmethod
    def read(cls, body: object) -> "Complaint":
        """Reads `{"error": {...}}`, `{"error": "..."}`, `{"message": ...}`, `{"detail": ...}`, or plain text."""
        if not isinstance(body, Mapping):
            return cls(message=body if isinstance(body, str) else "")
        inner = body.get("error", body)
        if not isinstance(inner, Mapping):
            return cls(message=str(inner))
        message = inner.get("message") or inner.get("detail") or ""
        return cls(str(message), *(str(inner.get(name) or "") for name in ("type", "code", "param")))

    def mentions(self, parameter: str) -> bool:
        """Whether the complaint is about this parameter of the request."""
        return parameter == self.parameter or re.search(rf"\b{parameter}\b", self.message) is not None


class StreamedAnswer:
    """What a stream has said so far. Each vendor reads its own events into it."""

    def __init__(self, request: ChatRequest, model: str) -> None:
        self._request = request
        self._parts: list[str] = []
        self.model = model
        self.stop_reason: StopReason | None = None
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.ended = False
        self.heard = False  # an event that could be read

    @property
    def complete(self) -> bool:
        """Whether all text has arrived, though usage may still follow."""
        return self.ended or self.stop_reason is not None

    def read(self, event: bytes) -> str | None:
        """Takes one event: the text in it, "" for progress without text (reasoning), None for neither.

        Raises `ModelError` for an error in the stream; any other exception means that the event is malformed.
        """
        raise NotImplementedError

    def read_whole(self, body: bytes) -> str:
        """The same for an answer that came in one piece, though a stream was asked for."""
        raise NotImplementedError

    def keep(self, text: str) -> TextDelta:
        """Remembers the text, for the estimate of its tokens."""
        self._parts.append(text)
        return TextDelta(text)

    def finish(self) -> Finished:
        """The closing event, with estimated usage if the server reported none."""
        return Finished(self._usage(), self.stop_reason or StopReason.COMPLETE, self.model)

    def _usage(self) -> Usage:
        if self.input_tokens and self.output_tokens is not None:
            return Usage(self.input_tokens, self.output_tokens)
        return estimate_usage(self._request.messages, "".join(self._parts))


def read_answer(
    response: httpx2.Response, answer: StreamedAnswer, *, clock: Clock, source: Source
) -> Generator[TextDelta | Finished]:
    """The events of an answer, as `ChatProvider.stream` gives them. Raises `ModelError`."""
    kind = response.headers.get("content-type", "").lower()
    try:
        with closing(response):
            if kind.startswith("application/json"):
                yield from _read_whole(response, answer)
            else:
                with closing(event_lines.read_events(response)) as events:
                    yield from _read_events(events, answer, clock)
    except EventStreamError as error:
        # Some servers call a proper stream text/html (Flask does by default), so that alone says nothing.
        if kind.startswith("text/html") and not answer.heard:
            raise ModelRejectedRequest(_WEB_PAGE, source=str(source)) from None
        raise ModelStreamBroken(str(error), source=str(source)) from None
    except wire.WIRE_ERRORS as error:
        raise failure(error, clock=clock, source=source, answering=True) from None
    yield answer.finish()


def _read_whole(response: httpx2.Response, answer: StreamedAnswer) -> Iterator[TextDelta]:
    try:
        text = answer.read_whole(event_lines.read_body(response))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise EventStreamError("the server sent JSON that is no answer") from None
    if text:
        yield answer.keep(text)


def _read_events(events: Iterator[bytes], answer: StreamedAnswer, clock: Clock) -> Iterator[TextDelta]:
    try:
        for event in events:
            text = _read_event(event, answer)
            if text:
                clock.token_arrived()
                yield answer.keep(text)
            elif text is not None:
                clock.token_arrived()
            if answer.ended:
                event_lines.read_to_end(events, clock)
                return
            if answer.stop_reason is not None:
                clock.answer_complete()
    except wire.WIRE_ERRORS:
        if not answer.complete:
            raise
    if not answer.complete:
        raise EventStreamError("the answer ended before it was complete")


def _read_event(event: bytes, answer: StreamedAnswer) -> str | None:
    try:
        text = answer.read(event)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise EventStreamError("the server sent an event that can't be read") from None
    answer.heard = True
    return text


def failure(error: BaseException, *, clock: Clock, source: Source, answering: bool) -> ModelError:
    """Our error for one below HTTP. `answering`: the server had begun to answer."""
    causes = [error, error.__cause__]
    if any(isinstance(cause, wire.UNUSABLE) for cause in causes):
        return ModelRejectedRequest("the address or the key can't be used", source=str(source))
    if clock.seconds_left() <= 0 or any(isinstance(cause, _TIMED_OUT) for cause in causes):
        return (ModelTimedOut if clock.began else ModelNeverBegan)(clock.explain(), source=str(source))
    if answering:
        return ModelStreamBroken("the connection broke during the answer", source=str(source))
    return ModelUnreachable(f"no connection ({type(error.__cause__ or error).__name__})", source=str(source))


def refusal(status: int, complaint: Complaint, headers: Mapping[str, str], *, source: Source) -> ModelError:
    """Our error for an HTTP status of 300 or more, or for an error in the stream that stands for one."""
    words = {
        "source": str(source),
        "server_said": _quotable(complaint.message, source.api_key),
        "wait_seconds": _retry_after(headers),
    }
    return _kind_of_refusal(status, complaint)(f"answered {status}", **words)  # type: ignore[arg-type]


def _kind_of_refusal(status: int, complaint: Complaint) -> type[ModelError]:
    said = {complaint.kind, complaint.code}
    if status in {401, 402, 403} or said & _NO_CREDIT:
        return ModelRefusedCredentials
    if status in {409, 429, 503, 529} or said & _BUSY:
        return ModelOverloaded
    if status in {408, 504}:
        return ModelTimedOut
    if status >= 500:
        return ModelUnreachable
    return ModelRejectedRequest


def _retry_after(headers: Mapping[str, str]) -> float | None:
    # Seconds only: as a date it would need the server's idea of now (RFC 9110, 10.2.3), and no model server sends one.
    try:
        wait = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return wait if 0 <= wait < 86_400 else None


def _quotable(message: str, api_key: str) -> str:
    if len(api_key) > 3:
        message = message.replace(api_key, "…")
    return " ".join(_LOOKS_LIKE_A_KEY.sub("…", message).split())[:_LONGEST_QUOTE]
