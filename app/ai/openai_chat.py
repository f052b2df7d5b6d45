"""Chat with OpenAI and the many servers that speak its protocol: vLLM, Ollama, LM Studio, gateways.

https://platform.openai.com/docs/api-reference/chat. The vendor's client makes the request and tells the errors; the
stream is read by `app.ai.event_lines`, since the client's pydantic models cost several times what the rest does.
"""

import threading
from collections.abc import Generator, Mapping
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import httpx2
import openai
import orjson
from cachetools import LRUCache
from openai.types.chat import ChatCompletionChunk

from app.ai import wire
from app.ai.chat import ChatRequest, Finished, StopReason, TextDelta, Timeouts
from app.ai.deadlines import Clock, timed_by
from app.ai.vendor import Complaint, Source, StreamedAnswer, failure, read_answer, refusal

DEFAULT_BASE_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # servers without keys ignore it, while the client would look for one in the environment
_STOP_REASONS = {
    "stop": StopReason.COMPLETE,
    "eos": StopReason.COMPLETE,
    "length": StopReason.TOO_LONG,
    "content_filter": StopReason.FILTERED,
}


class _Quirk(Enum):
    """Something in our request that a server or model doesn't take, under the name that its error gives."""

    NO_STREAM_OPTIONS = "stream_options"
    NO_MAX_TOKENS = "max_tokens"
    NO_TEMPERATURE = "temperature"


_quirks: LRUCache[tuple[str, str, str], frozenset[_Quirk]] = LRUCache(4096)
_quirks_lock = threading.Lock()


def forget_quirks() -> None:
    """Unlearns what servers refused."""
    with _quirks_lock:
        _quirks.clear()


class OpenAIChat:
    """A model behind an OpenAI-compatible API."""

    def __init__(
        self,
        *,
        model: str,
        api_key: str,
        base_url: str = DEFAULT_BASE_URL,
        timeouts: Timeouts | None = None,
        provider: str = "openai",
    ) -> None:
        """`base_url` ends before `/chat/completions`; `api_key` may be empty for servers that need none."""
        self.provider = provider
        self.model = model
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._timeouts = timeouts or Timeouts()
        self._source = Source(provider, model, api_key)

    def stream(self, request: ChatRequest) -> Generator[TextDelta | Finished]:
        """See `ChatProvider`."""
        clock = Clock(self._timeouts, deadline=request.deadline)
        response = self._open(request, clock)
        answer = _OpenAIAnswer(request, self.model, self._source)
        yield from read_answer(response, answer, clock=clock, source=self._source)

    def _open(self, request: ChatRequest, clock: Clock) -> httpx2.Response:
        try:
            return self._send_adapted(request, clock)
        except openai.APIStatusError as error:
            complaint = Complaint.read(error.body)
            raise refusal(error.status_code, complaint, error.response.headers, source=self._source) from None
        except (openai.APIError, *wire.WIRE_ERRORS, *wire.UNUSABLE) as error:
            raise failure(error, clock=clock, source=self._source, answering=False) from None

    def _send_adapted(self, request: ChatRequest, clock: Clock) -> httpx2.Response:
        for _lesson in _Quirk:
            quirks = self._known_quirks()
            try:
                return self._send(request, clock, quirks)
            except openai.APIStatusError as error:
                if not self._learn(error, quirks):
                    raise
        return self._send(request, clock, self._known_quirks())

    def _send(self, request: ChatRequest, clock: Clock, quirks: frozenset[_Quirk]) -> httpx2.Response:
        # Not `chat.completions.create`, which compares whatever it is given with its types, for a sixth of what opening
        # a stream costs, and changes nothing.
        with timed_by(clock):
            stream = _client(self._base_url, self._api_key or _NO_KEY).post(
                "/chat/completions",
                cast_to=ChatCompletionChunk,
                body={
                    "model": self.model,
                    "messages": _messages(request),
                    "stream": True,
                    **_options(request, quirks),
                },
                options={
                    "headers": {"Accept": "text/event-stream", "Accept-Encoding": "identity"},
                    "timeout": wire.sdk_timeout(clock),
                    "security": {"bearer_auth": True},  # and no administrator's key of our environment
                },
                stream=True,
                stream_cls=openai.Stream[ChatCompletionChunk],
            )
        return stream.response

    def _known_quirks(self) -> frozenset[_Quirk]:
        with _quirks_lock:
            return _quirks.get(self._scope(""), frozenset()) | _quirks.get(self._scope(self.model), frozenset())

    def _scope(self, model: str) -> tuple[str, str, str]:
        # By key: what one company provokes at a vendor must not change the calls of another.
        return self._base_url, model, blake2b(self._api_key.encode(), digest_size=16).hexdigest()

    def _learn(self, error: openai.APIStatusError, known: frozenset[_Quirk]) -> bool:
        """Whether the server complained of a parameter that we can do without; remembered for the next calls."""
        if error.status_code not in {400, 422}:
            return False
        complaint = Complaint.read(error.body)
        quirk = next((quirk for quirk in _Quirk if quirk not in known and complaint.mentions(quirk.value)), None)
        if quirk is None:
            return False
        scope = self._scope("" if quirk is _Quirk.NO_STREAM_OPTIONS else self.model)
        with _quirks_lock:
            _quirks[scope] = _quirks.get(scope, frozenset()) | {quirk}
        return True


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in request.messages]


def _options(request: ChatRequest, quirks: frozenset[_Quirk]) -> dict[str, object]:
    limit = "max_completion_tokens" if _Quirk.NO_MAX_TOKENS in quirks else "max_tokens"
    options: dict[str, object] = {limit: request.max_tokens}
    if request.temperature is not None and _Quirk.NO_TEMPERATURE not in quirks:
        options["temperature"] = request.temperature
    if _Quirk.NO_STREAM_OPTIONS not in quirks:
        options["stream_options"] = {"include_usage": True}
    return options | dict(request.extra)


@lru_cache(maxsize=512)
def _client(base_url: str, api_key: str) -> openai.OpenAI:
    client = openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0, http_client=wire.http_client(base_url))
    # The client takes these from our environment; a company's server has no business with them.
    client.organization = client.project = None
    return client


class _OpenAIAnswer(StreamedAnswer):
    def __init__(self, request: ChatRequest, model: str, source: Source) -> None:
        super().__init__(request, model)
        self._source = source

    def read(self, event: bytes) -> str | None:
        """See `StreamedAnswer`."""
        if event == b"[DONE]":
            self.ended = True
            return None
        if not event:
            return None
        chunk = orjson.loads(event)
        if chunk.get("error"):
            raise self._error_in_stream(chunk)
        if chunk.get("usage"):
            self._read_usage(chunk["usage"])
        choices = chunk.get("choices")
        return self._read_choice(choices[0], chunk) if choices else None

    def read_whole(self, body: bytes) -> str:
        """See `StreamedAnswer`."""
        whole = orjson.loads(body)
        if whole.get("error"):
            raise self._error_in_stream(whole)
        self._read_usage(whole.get("usage") or {})
        choice = whole["choices"][0]
        self._read_ending(choice, whole)
        return _text_of(choice["message"].get("content"))

    def _read_choice(self, choice: Mapping[str, Any], chunk: Mapping[str, Any]) -> str | None:
        if choice.get("finish_reason"):
            self._read_ending(choice, chunk)
        delta = choice.get("delta") or {}
        text = _text_of(delta.get("content"))
        if text:
            return text
        return "" if delta.get("reasoning_content") or delta.get("reasoning") else None

    def _read_ending(self, choice: Mapping[str, Any], chunk: Mapping[str, Any]) -> None:
        self.stop_reason = _STOP_REASONS.get(choice.get("finish_reason") or "stop", StopReason.OTHER)
        self.model = str(chunk.get("model") or self.model)

    def _read_usage(self, usage: Mapping[str, Any]) -> None:
        self.input_tokens = int(usage.get("prompt_tokens") or 0)
        self.output_tokens = int(usage.get("completion_tokens") or 0)

    def _error_in_stream(self, chunk: Mapping[str, Any]) -> Exception:
        complaint = Complaint.read(chunk)
        status = int(complaint.code) if complaint.code.isdecimal() else 500
        return refusal(status, complaint, {}, source=self._source)


def _text_of(content: object) -> str:
    # A string nearly always; some servers send parts, with reasoning among them.
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return ""
