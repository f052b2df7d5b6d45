"""The vendors' providers against servers that misbehave, over HTTP."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.ai import openai_chat, wire
from app.ai.anthropic_chat import AnthropicChat
from app.ai.chat import (
    ChatMessage,
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
    TextDelta,
    Timeouts,
)
from app.ai.openai_chat import OpenAIChat
from tests.ai.model_server import ModelServer, Pace, running_model_server

SECRET = "sk-test-0123456789abcdefghij"
QUESTION = "Where is the office, please?"
PATIENT = Timeouts()
IMPATIENT = Timeouts(connect=2, first_token=0.2, between_tokens=0.2, total=2)
Vendor = type[OpenAIChat] | type[AnthropicChat]
BOTH = pytest.mark.parametrize("vendor", [OpenAIChat, AnthropicChat])


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, ModelServer]]:
    with running_model_server() as address_and_server:
        yield address_and_server


@pytest.fixture
def url(running: tuple[str, ModelServer]) -> str:
    return running[0]


def make(vendor: Vendor, url: str, model: str, timeouts: Timeouts = PATIENT) -> OpenAIChat | AnthropicChat:
    base_url = f"{url}/v1" if vendor is OpenAIChat else url
    return vendor(model=model, api_key=SECRET, base_url=base_url, timeouts=timeouts)


def request(question: str = QUESTION, **options: object) -> ChatRequest:
    return ChatRequest(messages=(ChatMessage("user", question),), **options)  # type: ignore[arg-type]


def text_of(provider: OpenAIChat | AnthropicChat, **options: object) -> str:
    return "".join(event.text for event in provider.stream(request(**options)) if isinstance(event, TextDelta))


@BOTH
@pytest.mark.parametrize(
    "scenario", ["no-done", "bare", "comments", "oddities", "split", "not-streaming", "hang-after-finish"]
)
def test_a_server_with_habits_of_its_own_is_understood(vendor: Vendor, url: str, scenario: str) -> None:
    timeouts = IMPATIENT if scenario == "hang-after-finish" else PATIENT
    *deltas, finished = make(vendor, url, f"scenario:{scenario}", timeouts).stream(request())

    assert isinstance(finished, Finished)
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == QUESTION


@BOTH
@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("reset", ModelUnreachable),
        ("hang", ModelNeverBegan),
        ("hang-first-token", ModelNeverBegan),
        ("hang-middle", ModelTimedOut),
        ("drip-headers", ModelNeverBegan),
        ("drip-comments", ModelNeverBegan),
        ("cut", ModelStreamBroken),
        ("cut-clean", ModelStreamBroken),
        ("malformed", ModelStreamBroken),
        ("huge-line", ModelStreamBroken),
        ("redirect", ModelRejectedRequest),
        ("forbidden", ModelRefusedCredentials),
        ("not-found", ModelRejectedRequest),
    ],
)
def test_a_broken_server_is_an_error_in_time(
    vendor: Vendor, url: str, scenario: str, expected: type[ModelError]
) -> None:
    started = time.monotonic()
    with pytest.raises(expected):
        text_of(make(vendor, url, f"scenario:{scenario}", IMPATIENT))
    assert time.monotonic() - started < 1.5


class _WebPage(BaseHTTPRequestHandler):
    body = b"<html>Welcome</html>"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@BOTH
def test_who_gave_the_address_of_a_web_page_is_told(vendor: Vendor) -> None:
    with HTTPServer(("127.0.0.1", 0), _WebPage) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.handle_request).start()
        with pytest.raises(ModelRejectedRequest, match="web page"):
            text_of(make(vendor, url, "echo"))
        assert wire.http_client(url)._transport._pool.connections == []  # type: ignore[attr-defined]


class _Mislabelled(_WebPage):
    body = b'data: {"choices": [{"delta": {"content": "At home"}}]}\n\ndata: [DONE]\n\n'


class _MislabelledAndCut(_WebPage):
    body = _Mislabelled.body.partition(b"data: [DONE]")[0]


def test_a_stream_that_is_called_a_web_page_is_read() -> None:
    with HTTPServer(("127.0.0.1", 0), _Mislabelled) as server:
        threading.Thread(target=server.handle_request).start()
        assert text_of(make(OpenAIChat, f"http://127.0.0.1:{server.server_port}", "echo")) == "At home"


def test_a_stream_that_is_called_a_web_page_and_breaks_off_is_broken() -> None:
    with HTTPServer(("127.0.0.1", 0), _MislabelledAndCut) as server:
        threading.Thread(target=server.handle_request).start()
        with pytest.raises(ModelStreamBroken):
            text_of(make(OpenAIChat, f"http://127.0.0.1:{server.server_port}", "echo"))


def test_an_error_in_the_stream_keeps_its_meaning(url: str) -> None:
    with pytest.raises(ModelUnreachable):
        text_of(make(OpenAIChat, url, "scenario:error-in-stream"))
    with pytest.raises(ModelOverloaded):
        text_of(make(AnthropicChat, url, "scenario:error-in-stream"))


@BOTH
def test_nobody_listening_is_unreachable(vendor: Vendor) -> None:
    with pytest.raises(ModelUnreachable):
        text_of(make(vendor, "http://127.0.0.1:9", "echo"))


@BOTH
@pytest.mark.parametrize("address", ["models.example", "ftp://models.example", "http://[models", ""])
def test_an_address_that_is_none_is_rejected(vendor: Vendor, address: str) -> None:
    with pytest.raises(ModelRejectedRequest):
        list(vendor(model="m", api_key=SECRET, base_url=address).stream(request()))


def test_a_key_that_no_header_can_hold_is_rejected(url: str) -> None:
    with pytest.raises(ModelRejectedRequest):
        list(OpenAIChat(model="m", api_key="ключ", base_url=url).stream(request()))


@BOTH
def test_the_total_time_holds_while_tokens_keep_coming(vendor: Vendor) -> None:
    with running_model_server(Pace(tokens=100, seconds=10)) as (url, _server), pytest.raises(ModelTimedOut) as caught:
        text_of(make(vendor, url, "slow", Timeouts(total=0.2)))
    assert "complete in time" in caught.value.detail


@BOTH
def test_the_callers_deadline_holds(vendor: Vendor, url: str) -> None:
    with pytest.raises(ModelTimedOut):
        text_of(make(vendor, url, "scenario:hang"), deadline=time.monotonic() + 0.2)


@BOTH
def test_retry_after_is_passed_on(vendor: Vendor, url: str) -> None:
    with pytest.raises(ModelOverloaded) as caught:
        text_of(make(vendor, url, "scenario:rate-limited"))
    assert caught.value.wait_seconds == 1
    assert caught.value.retry_after == 1


@BOTH
def test_a_key_that_the_server_repeats_is_struck_out(vendor: Vendor, url: str) -> None:
    with pytest.raises(ModelRefusedCredentials) as caught:
        text_of(make(vendor, url, "scenario:unauthorized"))
    assert caught.value.server_said == "Incorrect API key provided: …."
    assert "401" in caught.value.detail


@pytest.mark.parametrize(
    ("scenario", "extra_calls"),
    [("refused-max-tokens", 1), ("refused-temperature", 1), ("refused-stream-options", 1)],
)
def test_what_a_server_refuses_is_left_out_from_then_on(
    running: tuple[str, ModelServer], scenario: str, extra_calls: int
) -> None:
    url, server = running
    provider = make(OpenAIChat, url, f"scenario:{scenario}")
    before = server.requests["/v1/chat/completions"]

    assert text_of(provider, temperature=0.2) == QUESTION
    assert text_of(provider, temperature=0.2) == QUESTION
    assert server.requests["/v1/chat/completions"] - before == 2 + extra_calls
    openai_chat.forget_quirks()


def test_anthropic_gets_no_temperature(url: str) -> None:
    assert text_of(make(AnthropicChat, url, "scenario:refused-temperature"), temperature=0.2) == QUESTION


@BOTH
def test_leaving_early_ends_the_stream_at_the_server(vendor: Vendor) -> None:
    with running_model_server(Pace(tokens=200, seconds=4)) as (url, server):
        with closing(make(vendor, url, "slow").stream(request())) as events:
            next(events)
            assert server.open_streams == 1
        deadline = time.monotonic() + 2
        while server.open_streams and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.open_streams == 0


@BOTH
def test_connections_are_used_again(vendor: Vendor, url: str) -> None:
    provider = make(vendor, url, "echo")
    text_of(provider)
    pool = wire.http_client(url)._transport._pool  # type: ignore[attr-defined]
    before = pool.connections
    for _ in range(5):
        text_of(provider)
    assert pool.connections == before


@pytest.mark.slow  # 60 answers of 0.4 s, so that all are open at once
def test_many_streams_at_once() -> None:
    with running_model_server(Pace(tokens=10, seconds=0.4)) as (url, server):
        ready = threading.Barrier(60)

        def run(_number: int) -> str:
            ready.wait()
            return text_of(make(OpenAIChat, url, "echo"))

        with ThreadPoolExecutor(60) as pool:
            answers = set(pool.map(run, range(60)))
        assert len(answers) == 1
        assert server.peak_streams == 60


def test_system_messages_go_apart_and_turns_alternate_for_anthropic() -> None:
    from app.ai.anthropic_chat import _alternating

    turns = [("assistant", "Hello!"), ("system", "Be kind."), ("user", "a"), ("user", "b"), ("assistant", "c")]
    assert _alternating([ChatMessage(role, text) for role, text in turns]) == [  # type: ignore[arg-type]
        {"role": "user", "content": "a\n\nb"},
        {"role": "assistant", "content": "c"},
    ]
