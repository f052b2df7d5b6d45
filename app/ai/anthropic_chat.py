"""Chat with Anthropic's models (https://docs.claude.com/en/api/messages-streaming).

As in `app.ai.openai_chat` the vendor's client makes the request, and the stream is read by `app.ai.event_lines`.
`ChatRequest.temperature` stays behind: since its version 2026-10-21 the API answers 400 to any, even the default.
"""

from collections.abc import Generator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import anthropic
import httpx2
import orjson
from anthropic.types import MessageParam

from app.ai import wire
from app.ai.chat import ChatMessage, ChatRequest, Finished, StopReason, TextDelta, Timeouts
from app.ai.deadlines import Clock, timed_by
from app.ai.vendor import Complaint, Source, StreamedAnswer, failure, read_answer, refusal

DEFAULT_BASE_URL = "https://api.anthropic.com"
_NO_KEY = "none"  # the client would look for one in the environment, and refuse to call without
_STOP_REASONS = {
    "end_turn": StopReason.COMPLETE,
    "stop_sequence": StopReason.COMPLETE,
    "max_tokens": StopReason.TOO_LONG,
    "model_context_window_exceeded": StopReason.TOO_LONG,
    "refusal": StopReason.FILTERED,
}
# An error in the stream has no HTTP status of its own (https://docs.claude.com/en/api/errors).
_STATUS_OF_ERROR = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class AnthropicChat:
    """A model behind Anthropic's Messages API."""

    def __init__(
        self,
        *,
        model: str,
        api_key: str,
        base_url: str = DEFAULT_BASE_URL,
        timeouts: Timeouts | None = None,
        provider: str = "anthropic",
    ) -> None:
        """`base_url` ends before `/v1/messages`."""
        self.provider = provider
        self.model = model
        self._base_url = base_url.rstrip("/").removesuffix("/v1")
        self._api_key = api_key
        self._timeouts = timeouts or Timeouts()
        self._source = Source(provider, model, api_key)

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """See `ChatProvider`."""
        clock = Clock(self._timeouts, deadline=request.deadline)
        response = self._open(request, clock)
        answer = _AnthropicAnswer(request, self.model, self._source)
        yield from read_answer(response, answer, clock=clock, source=self._source)

    def _open(self, request: ChatRequest, clock: Clock) -> httpx2.Response:
        try:
            return self._send(request, clock)
        except anthropic.APIStatusError as error:
            complaint = Complaint.read(error.body)
            raise refusal(error.status_code, complaint, error.response.headers, source=self._source) from None
        except (anthropic.APIError, *wire.WIRE_ERRORS, *wire.UNUSABLE) as error:
            raise failure(error, clock=clock, source=self._source, answering=False) from None

    def _send(self, request: ChatRequest, clock: Clock) -> httpx2.Response:
        system = "\n\n".join(message.content for message in request.messages if message.role == "system")
        with timed_by(clock):
            stream = _client(self._base_url, self._api_key or _NO_KEY).messages.create(
                model=self.model,
                max_tokens=request.max_tokens,
                system=system or anthropic.omit,
                messages=_alternating(request.messages),
                stream=True,
                extra_headers={"Accept-Encoding": "identity"},
                extra_body=dict(request.extra) or None,
                timeout=wire.sdk_timeout(clock),
            )
        return stream.response


def _alternating(messages: Sequence[ChatMessage]) -> list[MessageParam]:
    """User and assistant in turn, beginning with the user, as the API wants it."""
    merged: list[dict[str, str]] = []
    for message in messages:
        if message.role == "system":
            continue
        if merged and merged[-1]["role"] == message.role:
            merged[-1]["content"] += f"\n\n{message.content}"
        elif merged or message.role == "user":
            merged.append({"role": message.role, "content": message.content})
    return cast(list[MessageParam], merged)


@lru_cache(maxsize=512)
def _client(base_url: str, api_key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=base_url,
        api_key=api_key,
        max_retries=0,
        http_client=wire.http_client(base_url),
        open_telemetry=False,  # prompts and answers are our customers'
    )


class _AnthropicAnswer(StreamedAnswer):
    def __init__(self, request: ChatRequest, model: str, source: Source) -> None:
        super().__init__(request, model)
        self._source = source

    def read(self, event: bytes) -> str | None:
        """See `StreamedAnswer`."""
        chunk = orjson.loads(event)
        match chunk.get("type"):
            case "content_block_delta":
                delta = chunk["delta"]
                if delta.get("type") == "text_delta":
                    return str(delta["text"])
                return ""
            case "message_start":
                self._read_opening(chunk["message"])
            case "message_delta":
                self._read_ending(chunk["delta"].get("stop_reason"), chunk.get("usage") or {})
            case "message_stop":
                self.ended = True
            case "error":
                raise self._error_in_stream(chunk)
        return None

    def read_whole(self, body: bytes) -> str:
        """See `StreamedAnswer`."""
        whole = orjson.loads(body)
        if whole.get("type") == "error":
            raise self._error_in_stream(whole)
        self._read_opening(whole)
        self._read_ending(whole.get("stop_reason"), whole.get("usage") or {})
        return "".join(block["text"] for block in whole["content"] if block.get("type") == "text")

    def _read_opening(self, message: Mapping[str, Any]) -> None:
        self.model = str(message.get("model") or self.model)
        usage = message.get("usage") or {}
        self.input_tokens = _input_tokens(usage)

    def _read_ending(self, stop_reason: str | None, usage: Mapping[str, Any]) -> None:
        if stop_reason:
            self.stop_reason = _STOP_REASONS.get(stop_reason, StopReason.OTHER)
        if usage.get("output_tokens") is not None:
            self.output_tokens = int(usage["output_tokens"])
        self.input_tokens = _input_tokens(usage) or self.input_tokens

    def _error_in_stream(self, chunk: Mapping[str, Any]) -> Exception:
        complaint = Complaint.read(chunk)
        return refusal(_STATUS_OF_ERROR.get(complaint.kind, 500), complaint, {}, source=self._source)


def _input_tokens(usage: Mapping[str, Any]) -> int:
    # What was read from or written to the vendor's prompt cache is counted apart.
    parts = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(int(usage.get(part) or 0) for part in parts)
