"""A model server for tests and load tests: the documented streaming protocols of OpenAI and Anthropic, and every way in
which real servers break them. Standard library only.

    python scripts/bench/model_server.py --port 9100 --tokens 200 --seconds 10

`POST /v1/chat/completions`, `POST /v1/messages`, `POST /v1/embeddings`, `GET /v1/models`, `GET /stats`.
https://platform.openai.com/docs/api-reference/chat-streaming, https://docs.claude.com/en/api/messages-streaming

Without `--tokens` it echoes the last message. A request misbehaves when its model is `scenario:NAME`, or its last
message contains `!scenario=NAME`; `NAME:TIMES:ANYTHING` misbehaves only the first TIMES times. The names are the keys
of `REFUSALS` and the members of `STREAM_SCENARIOS`.
"""

import argparse
import asyncio
import hashlib
import json
import math
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable"}
_DIRECTIVE = re.compile(r"!scenario=([\w:-]+)")
_FILLER = ("The ", "opening ", "hours ", "are ", "nine ", "to ", "five ", "[1]", ". ")
_LONG = 3600.0

# Scenario → status, OpenAI's error (message, type, param, code) and further headers.
REFUSALS: Mapping[str, tuple[int, tuple[str, str, str | None, str | None], Mapping[str, str]]] = {
    "rate-limited": (429, ("Slow down.", "rate_limit_error", None, "rate_limit_exceeded"), {"Retry-After": "1"}),
    "rate-limited-long": (429, ("Slow down.", "rate_limit_error", None, None), {"Retry-After": "600"}),
    "server-error": (500, ("The server had an error.", "server_error", None, None), {}),
    "overloaded": (529, ("Overloaded", "overloaded_error", None, None), {}),
    "unauthorized": (401, ("Incorrect API key provided: {key}.", "authentication_error", None, "invalid_api_key"), {}),
    "forbidden": (403, ("Not allowed for {key}.", "permission_error", None, None), {}),
    "not-found": (404, ("The model does not exist.", "not_found_error", "model", "model_not_found"), {}),
    "too-long": (400, ("Too long.", "invalid_request_error", "messages", "context_length_exceeded"), {}),
    "redirect": (302, ("Elsewhere.", "redirect", None, None), {"Location": "/v1/models"}),
}

STREAM_SCENARIOS = frozenset(
    {
        "echo",
        "refused-max-tokens",  # newer models of OpenAI: only max_completion_tokens
        "refused-temperature",
        "refused-stream-options",  # older servers
        "reset",  # the connection is reset before the answer
        "hang",  # nothing at all
        "hang-first-token",  # headers, then nothing
        "hang-middle",
        "endless",  # words without end, whatever it was asked for
        "hang-after-finish",
        "drip-headers",  # a byte of a header now and then
        "drip-comments",  # keep-alive comments, never a token
        "cut",  # the connection ends in the middle of the answer
        "cut-clean",  # the answer ends in order, but unfinished
        "malformed",
        "error-in-stream",
        "no-usage",
        "no-done",
        "bare",  # neither usage nor [DONE]
        "comments",  # keep-alive comments between the tokens, CRLF
        "oddities",  # empty choices, null content, reasoning, unknown fields
        "split",  # every byte a chunk of its own
        "not-streaming",  # JSON although a stream was asked for
        "huge-line",
        "length",  # stopped by max_tokens
        "silent",  # finished without a word
    }
)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How answers are spread over time. `tokens` 0: echo the last message; `seconds` is for the whole answer."""

    tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float | None = None

    def first(self, count: int) -> float:
        """Seconds before the first of `count` tokens."""
        return self.seconds / max(count, 1) if self.first_token_seconds is None else self.first_token_seconds

    def gap(self, count: int) -> float:
        """Seconds between two tokens."""
        return max(self.seconds - self.first(count), 0.0) / max(count - 1, 1)


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def last_text(self) -> str:
        messages = self.body.get("messages") or [{}]
        content = messages[-1].get("content") or ""
        return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)

    @property
    def key(self) -> str:
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


class _Dialect:
    """How one vendor puts an answer on the wire: each method gives the events of one step."""

    def opening(self) -> list[bytes]:
        raise NotImplementedError

    def token(self, text: str) -> bytes:
        raise NotImplementedError

    def closing(self, scenario: str, tokens: int) -> list[bytes]:
        raise NotImplementedError

    def error(self) -> bytes:
        raise NotImplementedError

    def odd(self) -> list[bytes]:
        raise NotImplementedError


def _event(payload: object, *, name: str | None = None) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(payload)}\n\n".encode()


class _OpenAI(_Dialect):
    def __init__(self, request: _Request) -> None:
        self._model = request.model
        self._wants_usage = bool((request.body.get("stream_options") or {}).get("include_usage"))
        self._prompt_tokens = _prompt_tokens(request)

    def opening(self) -> list[bytes]:
        return [self._chunk({"role": "assistant", "content": ""})]

    def token(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def closing(self, scenario: str, tokens: int) -> list[bytes]:
        events = [self._chunk({}, finish="length" if scenario == "length" else "stop")]
        if self._wants_usage and scenario not in {"no-usage", "bare"}:
            events.append(self._usage(tokens))
        if scenario not in {"no-done", "bare"}:
            events.append(b"data: [DONE]\n\n")
        return events

    def error(self) -> bytes:
        return _event({"error": {"message": "Broken.", "type": "server_error", "code": 500}})

    def odd(self) -> list[bytes]:
        return [
            _event({"id": "c", "object": "chat.completion.chunk", "choices": [], "prompt_filter_results": []}),
            self._chunk({"role": "assistant"}),
            self._chunk({"content": None, "reasoning_content": "Let me think. "}),
            self._chunk({"content": None, "tool_calls": None}),
            b"event: ping\nid: 7\nretry: 1000\n\n",
            b"data:" + self._chunk({"content": ""})[6:],
        ]

    def _chunk(self, delta: Mapping[str, object], *, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event(self._frame([choice]))

    def _usage(self, tokens: int) -> bytes:
        usage = {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self._prompt_tokens + tokens,
        }
        return _event(self._frame([]) | {"usage": usage})

    def _frame(self, choices: list[Any]) -> dict[str, Any]:
        return {
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            "object": "chat.completion.chunk",
            "created": 1741569952,
            "model": f"{self._model}-2025",
            "service_tier": "default",
            "system_fingerprint": "fp_44709d6fcb",
            "choices": choices,
        }


class _Anthropic(_Dialect):
    def __init__(self, request: _Request) -> None:
        self._model = request.model
        self._prompt_tokens = _prompt_tokens(request)

    def opening(self) -> list[bytes]:
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": f"{self._model}-2025",
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": self._prompt_tokens, "output_tokens": 1},
        }
        return [
            self._named({"type": "message_start", "message": message}),
            self._named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            self._named({"type": "ping"}),
        ]

    def token(self, text: str) -> bytes:
        return self._delta({"type": "text_delta", "text": text})

    def closing(self, scenario: str, tokens: int) -> list[bytes]:
        ending = {
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens" if scenario == "length" else "end_turn", "stop_sequence": None},
        }
        if scenario not in {"no-usage", "bare"}:
            ending["usage"] = {"output_tokens": tokens}
        events = [self._named({"type": "content_block_stop", "index": 0}), self._named(ending)]
        if scenario not in {"no-done", "bare"}:
            events.append(self._named({"type": "message_stop"}))
        return events

    def error(self) -> bytes:
        return self._named({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})

    def odd(self) -> list[bytes]:
        return [
            self._delta({"type": "thinking_delta", "thinking": "Let me think. "}),
            self._delta({"type": "signature_delta", "signature": "c2lnbmVk"}),
            self._named({"type": "something_new", "payload": {}}),
        ]

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        return self._named({"type": "content_block_delta", "index": 0, "delta": delta})

    def _named(self, payload: Mapping[str, Any]) -> bytes:
        return _event(payload, name=payload["type"])


class ModelServer:
    """Answers on 127.0.0.1; `requests` counts what came in: by path, and by `path scenario`."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.requests: Counter[str] = Counter()
        self.open_streams = 0
        self.peak_streams = 0
        self._left: dict[str, int] = {}
        # What to answer, one after the other, and the bodies of the requests that were answered by it.
        self.replies: list[str] = []
        self.scripted: list[Mapping[str, Any]] = []

    async def serve(self, port: int, ready: Callable[[int], None]) -> None:
        """Serves until cancelled; `ready` gets the port (0 asks for any)."""
        server = await asyncio.start_server(self._serve_connection, "127.0.0.1", port, backlog=2048, limit=1 << 24)
        ready(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while request := await _read_request(reader):
                await self._answer(request, writer)
                await writer.drain()
        writer.close()

    async def _answer(self, request: _Request, writer: asyncio.StreamWriter) -> None:
        self.requests[request.path] += 1
        match (request.method, request.path):
            case ("GET", "/stats"):
                _write_json(writer, 200, self.stats())
            case ("GET", "/v1/models"):
                _write_json(writer, 200, {"object": "list", "data": [{"id": "echo", "object": "model"}]})
            case ("POST", "/v1/embeddings"):
                _write_json(writer, 200, _embeddings(request))
            case ("POST", "/v1/chat/completions"):
                await self._chat(request, _OpenAI(request), writer)
            case ("POST", "/v1/messages"):
                await self._chat(request, _Anthropic(request), writer)
            case _:
                _write_json(writer, 404, {"error": {"message": "No such path.", "type": "invalid_request_error"}})

    def stats(self) -> dict[str, object]:
        """What came in so far."""
        return {"requests": dict(self.requests), "open": self.open_streams, "peak": self.peak_streams}

    def _scenario(self, request: _Request) -> str:
        found = _DIRECTIVE.search(request.last_text)
        full = found[1] if found else request.model.partition("scenario:")[2]
        name, _, times = full.partition(":")
        if not times:
            return name
        left = self._left.setdefault(full, int(times.partition(":")[0]))
        self._left[full] = left - 1
        return name if left > 0 else ""

    async def _chat(self, request: _Request, dialect: _Dialect, writer: asyncio.StreamWriter) -> None:
        scenario = self._scenario(request)
        self.requests[f"{request.path} {scenario}"] += 1
        refusal = _refusal(scenario, request)
        if refusal:
            status, (message, kind, param, code), headers = refusal
            error = {"message": message.format(key=request.key), "type": kind, "param": param, "code": code}
            _write_json(writer, status, {"type": "error", "error": error}, headers=headers)
        elif scenario in {"reset", "hang", "drip-headers"}:
            await _say_nothing(scenario, writer)
        elif not request.body.get("stream") or scenario == "not-streaming":
            tokens = self._tokens(request, scenario)
            await asyncio.sleep(self._pace.seconds)
            _write_json(writer, 200, _whole_answer(request, tokens))
        else:
            await self._stream(request, dialect, scenario, writer)

    def _tokens(self, request: _Request, scenario: str) -> list[str]:
        if self.replies:
            self.scripted.append(request.body)
            return re.findall(r"\S+\s*|\s+", self.replies.pop(0))
        if self._pace.tokens and scenario != "echo":
            return [_FILLER[number % len(_FILLER)] for number in range(self._pace.tokens)]
        return re.findall(r"\S+\s*|\s+", _DIRECTIVE.sub("", request.last_text))

    async def _stream(self, request: _Request, dialect: _Dialect, scenario: str, writer: asyncio.StreamWriter) -> None:
        self.open_streams += 1
        self.peak_streams = max(self.peak_streams, self.open_streams)
        try:
            head = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
            # What is hung up on in order says so, or its client might ask again on a connection that ends this moment.
            _write_head(writer, 200, head | ({"Connection": "close"} if scenario == "cut-clean" else {}))
            await _Answer(dialect, scenario, self._pace, writer).write(self._tokens(request, scenario))
        finally:
            self.open_streams -= 1


class _Answer:
    def __init__(self, dialect: _Dialect, scenario: str, pace: Pace, writer: asyncio.StreamWriter) -> None:
        self._dialect = dialect
        self._scenario = scenario
        self._pace = pace
        self._writer = writer

    async def write(self, tokens: list[str]) -> None:
        if self._scenario == "hang-first-token":
            await asyncio.sleep(_LONG)
        if self._scenario == "drip-comments":
            await self._drip()
        for event in self._dialect.opening():
            self._send(event)
        if self._scenario == "oddities":
            for event in self._dialect.odd():
                self._send(event)
        if self._scenario != "silent":
            await self._write_tokens(tokens)
        await self._finish(len(tokens))

    async def _write_tokens(self, tokens: list[str]) -> None:
        count = len(tokens)
        gap = self._pace.gap(count)
        clock = asyncio.get_running_loop().time
        due = clock() + self._pace.first(count)
        for number, token in enumerate(tokens):
            if gap or number == 0:
                await asyncio.sleep(max(due - clock(), 0))
            if self._writer.transport.is_closing():
                raise ConnectionError("the client left")
            if number == max(count // 2, 1):
                await self._misbehave()
            self._send(self._dialect.token(token))
            due += gap
        await self._writer.drain()

    async def _misbehave(self) -> None:
        match self._scenario:
            case "hang-middle":
                await asyncio.sleep(_LONG)
            case "endless":
                while not self._writer.transport.is_closing():
                    self._send(self._dialect.token("and so on "))
                    await self._writer.drain()
            case "cut":
                await self._writer.drain()
                raise ConnectionError("cut on purpose")
            case "cut-clean":
                self._writer.write(b"0\r\n\r\n")
                await self._writer.drain()
                raise ConnectionError("cut on purpose")
            case "malformed":
                self._send(b'data: {"choices": [{"delta": {"cont\n\n')
            case "error-in-stream":
                self._send(self._dialect.error())
            case "huge-line":
                self._send(b'data: {"filler": "' + b"x" * (3 << 20) + b'"}\n\n')
            case "comments":
                self._send(b": still working\n\n")

    async def _finish(self, tokens: int) -> None:
        *events, last = self._dialect.closing(self._scenario, tokens)
        for event in events:
            self._send(event)
        if self._scenario == "hang-after-finish":
            await asyncio.sleep(_LONG)
        self._send(last)
        self._writer.write(b"0\r\n\r\n")

    async def _drip(self) -> None:
        while not self._writer.transport.is_closing():
            self._send(b": still working\n\n")
            await asyncio.sleep(0.05)

    def _send(self, event: bytes) -> None:
        if self._scenario == "comments":
            event = (b": keep-alive\n\n" + event).replace(b"\n", b"\r\n")
        pieces = [event[at : at + 1] for at in range(len(event))] if self._scenario == "split" else [event]
        self._writer.write(b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces))


async def _read_request(reader: asyncio.StreamReader) -> _Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return _Request(method, target.partition("?")[0], headers, json.loads(raw) if raw else {})


def _refusal(
    scenario: str, request: _Request
) -> tuple[int, tuple[str, str, str | None, str | None], Mapping[str, str]] | None:
    body = request.body
    kind = "invalid_request_error"
    if scenario == "refused-max-tokens" and "max_tokens" in body and request.path != "/v1/messages":
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
        return 400, (said, kind, "max_tokens", "unsupported_parameter"), {}
    if scenario == "refused-temperature" and "temperature" in body:
        said = "Unsupported value: 'temperature' does not support 0.2 with this model."
        return 400, (said, kind, "temperature", "unsupported_value"), {}
    if scenario == "refused-stream-options" and "stream_options" in body:
        return 400, ("Unrecognized request argument supplied: stream_options", kind, None, None), {}
    return REFUSALS.get(scenario)


async def _say_nothing(scenario: str, writer: asyncio.StreamWriter) -> None:
    if scenario == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionError("reset on purpose")
    if scenario == "hang":
        await asyncio.sleep(_LONG)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not writer.transport.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.05)


def _write_head(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


def _write_json(
    writer: asyncio.StreamWriter, status: int, payload: object, *, headers: Mapping[str, str] | None = None
) -> None:
    body = json.dumps(payload).encode()
    fixed = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    _write_head(writer, status, fixed | dict(headers or {}))
    writer.write(body)


def _prompt_tokens(request: _Request) -> int:
    return len(json.dumps(request.body.get("messages"))) // 4


def _whole_answer(request: _Request, tokens: list[str]) -> dict[str, object]:
    text, prompt = "".join(tokens), _prompt_tokens(request)
    if request.path == "/v1/messages":
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": request.model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": prompt, "output_tokens": len(tokens)},
        }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1741569952,
        "model": request.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": len(tokens), "total_tokens": prompt + len(tokens)},
    }


def _embeddings(request: _Request) -> dict[str, object]:
    texts = request.body.get("input") or []
    texts = [texts] if isinstance(texts, str) else texts
    size = int(request.body.get("dimensions") or 384)
    vectors = [
        {"object": "embedding", "index": number, "embedding": hashed_vector(text, size)}
        for number, text in enumerate(texts)
    ]
    count = sum(len(text) for text in texts) // 4
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "model": request.model, "data": vectors, "usage": usage}


def hashed_vector(text: str, size: int) -> list[float]:
    """A unit vector in which every word has one place: texts that share words are close, always the same way."""
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
        vector[int.from_bytes(digest[:4], "big") % size] += 1.0 if digest[4] & 1 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


@contextmanager
def running_model_server(pace: Pace | None = None, *, port: int = 0) -> Iterator[tuple[str, ModelServer]]:
    """Runs a server in a thread of this process; gives its address (`http://127.0.0.1:PORT`) and the server."""
    server = ModelServer(pace or Pace())
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()

    def ready(bound_port: int) -> None:
        task = asyncio.current_task()
        assert task
        started.set_result((bound_port, asyncio.get_running_loop(), task))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(server.serve(port, ready))

    thread = threading.Thread(target=run, name="model-server", daemon=True)
    thread.start()
    bound_port, loop, serving = started.result(timeout=10)
    try:
        yield f"http://127.0.0.1:{bound_port}", server
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--tokens", type=int, default=0, help="tokens of an answer; 0 echoes the last message")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long an answer takes")
    parser.add_argument("--first-token-seconds", type=float, help="default: SECONDS / TOKENS")
    given = parser.parse_args()
    pace = Pace(tokens=given.tokens, seconds=given.seconds, first_token_seconds=given.first_token_seconds)
    with suppress(KeyboardInterrupt):
        asyncio.run(ModelServer(pace).serve(given.port, lambda port: print(f"http://127.0.0.1:{port}", flush=True)))


if __name__ == "__main__":
    _main()
