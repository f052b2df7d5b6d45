"""Asking models until one answers: retries with jitter, circuit breakers, fallback, and a record of every attempt."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

import tenacity

from app.ai.chat import (
    ChatMessage,
    ChatProvider,
    ChatRequest,
    Finished,
    ModelError,
    ModelRefusedCredentials,
    ModelRejectedRequest,
    ModelSaidNothing,
    ModelStreamBroken,
    ModelTimedOut,
    StopReason,
    TextDelta,
    Usage,
)
from app.ai.circuits import Circuit, Ticket, circuit
from app.ai.pricing import estimate_usage
from app.ai.thoughts import ThoughtFilter
from app.errors import Unavailable

_CHECK = ChatRequest(messages=(ChatMessage("user", "Answer with the word OK."),), max_tokens=16)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be asked. `key` names its circuit: see `circuits.circuit_key`."""

    provider: ChatProvider
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long to try. Waits are drawn from 0 to `first_wait` · 2ⁿ, at most `longest_wait`, seconds.

    A server that asks by `Retry-After` for more than `longest_retry_after` is given up at once. `deadline` is for
    everything together.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 10.0
    deadline: float = 180.0


class Outcome(StrEnum):
    """How an attempt ended. `rejected`: the same request would be refused again."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One attempt. `error_code` is `ModelError.kind`; `ttft_ms` is None when no text came; `attempt` counts from 1
    for each candidate."""

    provider: str
    model: str
    outcome: Outcome
    error_code: str | None
    input_tokens: int
    output_tokens: int
    estimated: bool
    ttft_ms: int | None
    total_ms: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Switched:
    """The answer so far is void, another attempt begins: forget the text that was delivered."""

    reason: str


_Event = TextDelta | Finished | Switched
_OUTCOMES = {
    ModelTimedOut.kind: Outcome.TIMEOUT,
    ModelRejectedRequest.kind: Outcome.REJECTED,
    ModelRefusedCredentials.kind: Outcome.REJECTED,
}


class AllModelsFailed(Unavailable):
    """No candidate gave an answer. `reasons` has one line for each, in the order in which they were tried."""

    code = "ai_service_unavailable"
    title = "AI service unavailable"
    detail = "No language model answered. Try again shortly."

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__()
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether a model works as configured. `model` is the name that the server gave, `error` a sentence."""

    ok: bool
    latency_ms: int
    model: str
    error: str | None


def stream_with_fallback(
    candidates: Sequence[Candidate],
    request: ChatRequest,
    *,
    policy: RetryPolicy,
    on_call: Callable[[CallRecord], None],
) -> Generator[TextDelta | Finished | Switched]:
    """The answer of the first candidate that completes one; raises `AllModelsFailed`.

    `on_call` gets a record of each attempt as it ends, in this thread, also when the generator is closed early; it
    must not raise. Skipped candidates (open circuit) leave none.
    """
    end = time.monotonic() + policy.deadline
    if request.deadline is not None:
        end = min(end, request.deadline)
    turn = _Turn(replace(request, deadline=end), policy, on_call)
    reasons: list[str] = []
    for candidate in candidates:
        reason = yield from turn.ask(candidate)
        if reason is None:
            return
        reasons.append(reason)
    raise AllModelsFailed(reasons)


def check(provider: ChatProvider) -> CheckResult:
    """Really asks the model something tiny, once, whatever its circuit says."""
    started = time.monotonic()
    model, error = provider.model, None
    try:
        with closing(provider.stream(_CHECK)) as events:
            model = next((event.model for event in events if isinstance(event, Finished)), model)
    except ModelError as failed:
        error = f"{failed.detail}: {failed.server_said}" if failed.server_said else failed.detail
    return CheckResult(error is None, _milliseconds_since(started), model, error)


class _Turn:
    """All attempts to answer one request."""

    def __init__(self, request: ChatRequest, policy: RetryPolicy, on_call: Callable[[CallRecord], None]) -> None:
        self._request = request
        self._end = cast(float, request.deadline)
        self._policy = policy
        self._on_call = on_call
        self._void: str | None = None  # why text that was delivered doesn't count any more

    def ask(self, candidate: Candidate) -> Generator[_Event, None, str | None]:
        """Asks one candidate as often as the policy allows. Returns why it failed, or None when it answered."""
        breaker = circuit(candidate.key)
        reason = _name(candidate.provider)
        for number in range(1, self._policy.attempts + 1):
            ticket = breaker.admit()
            if ticket is None:
                return f"{reason}; left alone after repeated failures"
            error = yield from self._try(candidate.provider, number, breaker, ticket)
            if error is None:
                return None
            reason = error.detail
            if number == self._policy.attempts or not breaker.closed or not self._pause(error, number):
                break
        return reason

    def _try(
        self, provider: ChatProvider, number: int, breaker: Circuit, ticket: Ticket
    ) -> Generator[_Event, None, ModelError | None]:
        attempt = _Attempt(provider, self._request, number)
        try:
            if self._void:
                yield Switched(self._void)
                self._void = None
            finished = yield from attempt.stream()
        except ModelError as error:
            _tell(breaker, ticket, error)
            self._on_call(attempt.record(_OUTCOMES.get(error.kind, Outcome.ERROR), error.kind))
            self._void = error.reason if attempt.said_something else None
            return error
        except GeneratorExit:
            (breaker.succeed if attempt.said_something else breaker.release)(ticket)
            self._on_call(attempt.record(Outcome.CANCELLED, None))
            raise
        except BaseException as error:
            breaker.release(ticket)
            self._on_call(attempt.record(Outcome.ERROR, type(error).__name__))
            raise
        # Recorded before it is handed over: whoever has it may not come back for the end of the generator.
        breaker.succeed(ticket)
        if attempt.is_empty:
            self._on_call(attempt.record(Outcome.ERROR, ModelSaidNothing.kind, finished.usage))
            nothing = ModelSaidNothing(source=_name(provider))
            self._void = nothing.reason if attempt.said_something else None
            return nothing
        self._on_call(attempt.record(Outcome.OK, None, finished.usage))
        yield finished
        return None

    def _pause(self, error: ModelError, number: int) -> bool:
        """Waits before the next attempt; False when there is no point in one."""
        wait = self._wait_after(error, number)
        if wait is None or time.monotonic() + wait >= self._end:
            return False
        time.sleep(wait)
        return True

    def _wait_after(self, error: ModelError, number: int) -> float | None:
        asked = error.wait_seconds or 0.0
        if not error.retryable or asked > self._policy.longest_retry_after:
            return None
        # The jitter comes on top of what the server asked for, or all its callers would return at once.
        return asked + _jitter(number, self._policy)


class _Attempt:
    """One call, measured, and cut where it is too long."""

    def __init__(self, provider: ChatProvider, request: ChatRequest, number: int) -> None:
        self._provider = provider
        self._request = request
        self._number = number
        self._started = time.monotonic()
        self._first_text_after: int | None = None
        self._parts: list[str] = []
        self._room = request.max_characters
        self._thoughts = ThoughtFilter()
        self.is_empty = True  # until more than spaces came

    @property
    def said_something(self) -> bool:
        """Whether text was delivered."""
        return self._first_text_after is not None

    def stream(self) -> Generator[_Event, None, Finished]:
        """The deltas; returns the closing event."""
        with closing(self._provider.stream(self._request)) as events:
            for event in events:
                if isinstance(event, Finished):
                    yield from self._heard(self._thoughts.finish())
                    return event
                self._parts.append(event.text)
                text = self._thoughts.feed(event.text)
                # What it thinks aloud doesn't count: nobody sees it, and the turn's deadline ends it.
                yield from self._heard(text[: self._room])
                if self._room is not None:
                    if len(text) > self._room:
                        return Finished(self._usage_so_far(), StopReason.TOO_LONG, self._provider.model)
                    self._room -= len(text)
        raise ModelStreamBroken("the answer ended before it was complete", source=_name(self._provider))

    def _heard(self, text: str) -> Generator[TextDelta]:
        if text:
            if self._first_text_after is None:
                self._first_text_after = _milliseconds_since(self._started)
            self.is_empty = self.is_empty and text.isspace()
            yield TextDelta(text)

    def record(self, outcome: Outcome, error_code: str | None, usage: Usage | None = None) -> CallRecord:
        """The record of this call, as it stands now."""
        usage = usage or self._usage_so_far()
        return CallRecord(
            provider=self._provider.provider,
            model=self._provider.model,
            outcome=outcome,
            error_code=error_code,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            estimated=usage.estimated,
            ttft_ms=self._first_text_after,
            total_ms=_milliseconds_since(self._started),
            attempt=self._number,
        )

    def _usage_so_far(self) -> Usage:
        # A vendor bills what it generated, also for an answer that was cut off; without any text it mostly bills none.
        if not self._parts:
            return Usage(0, 0, estimated=True)
        return estimate_usage(self._request.messages, "".join(self._parts))


def _tell(breaker: Circuit, ticket: Ticket, error: ModelError) -> None:
    if isinstance(error, ModelRejectedRequest):
        breaker.release(ticket)  # the server is well, the request isn't
    else:
        breaker.fail(ticket)


def _jitter(number: int, policy: RetryPolicy) -> float:
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = number
    return tenacity.wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)(state)


def _name(provider: ChatProvider) -> str:
    return f"{provider.provider}/{provider.model}"


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
