"""What holds for every provider: the fake one and the vendors', which talk HTTP to a local server."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from app.ai.anthropic_chat import AnthropicChat
from app.ai.chat import (
    ChatMessage,
    ChatProvider,
    ChatRequest,
    Finished,
    ModelError,
    ModelNeverBegan,
    ModelOverloaded,
    ModelRefusedCredentials,
    ModelRejectedRequest,
    ModelStreamBroken,
    ModelUnreachable,
    StopReason,
    TextDelta,
    Timeouts,
    Usage,
)
from app.ai.fake_chat import FakeChat, Reply
from app.ai.openai_chat import OpenAIChat
from tests.ai.model_server import ModelServer, running_model_server

SECRET = "sk-test-0123456789abcdefghij"
QUESTION = "Where is the office, please?"
IMPATIENT = Timeouts(first_token=0.2)
Make = Callable[[str], ChatProvider]

FAKE_REPLIES = {
    "silent": Reply(),
    "length": Reply(QUESTION, stop_reason=StopReason.TOO_LONG),
    "no-usage": Reply(QUESTION),
    "unauthorized": Reply(error=ModelRefusedCredentials("answered 401", source="fake/echo")),
    "too-long": Reply(error=ModelRejectedRequest("answered 400", source="fake/echo")),
    "overloaded": Reply(error=ModelOverloaded("answered 529", source="fake/echo")),
    "server-error": Reply(error=ModelUnreachable("answered 500", source="fake/echo")),
    "hang": Reply(error=ModelNeverBegan("nothing came", source="fake/echo")),
    "cut": Reply("Where is ", error=ModelStreamBroken("cut", source="fake/echo")),
    "": Reply(QUESTION, usage=Usage(12, 5)),
}


@dataclass
class Server:
    url: str
    server: ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_model_server() as (url, model_server):
        yield Server(url, model_server)


@pytest.fixture(params=["fake", "openai", "anthropic"])
def make(request: pytest.FixtureRequest, server: Server) -> Make:
    def make_provider(scenario: str) -> ChatProvider:
        model = f"scenario:{scenario}" if scenario else "echo"
        timeouts = IMPATIENT if scenario == "hang" else Timeouts()
        if request.param == "openai":
            return OpenAIChat(model=model, api_key=SECRET, base_url=f"{server.url}/v1", timeouts=timeouts)
        if request.param == "anthropic":
            return AnthropicChat(model=model, api_key=SECRET, base_url=server.url, timeouts=timeouts)
        return FakeChat([FAKE_REPLIES[scenario]], model=model)

    return make_provider


def ask(provider: ChatProvider, question: str = QUESTION) -> tuple[str, Finished]:
    request = ChatRequest(messages=(ChatMessage("system", "Echo."), ChatMessage("user", question)), temperature=0.2)
    *deltas, finished = provider.stream(request)
    assert isinstance(finished, Finished)
    assert all(isinstance(delta, TextDelta) and delta.text for delta in deltas)
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), finished


def test_an_answer_comes_in_pieces_and_finishes(make: Make) -> None:
    provider = make("")
    events = list(provider.stream(ChatRequest(messages=(ChatMessage("user", QUESTION),))))

    assert len(events) == 6
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == QUESTION
    assert isinstance(events[-1], Finished)
    assert events[-1].stop_reason is StopReason.COMPLETE
    assert events[-1].model.startswith(provider.model)
    assert events[-1].usage.input_tokens > 0
    assert events[-1].usage.output_tokens == 5
    assert not events[-1].usage.estimated


def test_missing_usage_is_estimated(make: Make) -> None:
    text, finished = ask(make("no-usage"))

    assert text == QUESTION
    assert finished.usage.estimated
    assert finished.usage.input_tokens > 0
    assert finished.usage.output_tokens == 7


def test_the_limit_of_tokens_is_a_stop_reason(make: Make) -> None:
    assert ask(make("length"))[1].stop_reason is StopReason.TOO_LONG


def test_an_empty_answer_finishes_without_a_delta(make: Make) -> None:
    assert ask(make("silent"))[0] == ""


@pytest.mark.parametrize(
    ("scenario", "expected", "retryable"),
    [
        ("unauthorized", ModelRefusedCredentials, False),
        ("too-long", ModelRejectedRequest, False),
        ("overloaded", ModelOverloaded, True),
        ("server-error", ModelUnreachable, True),
        ("hang", ModelNeverBegan, False),
        ("cut", ModelStreamBroken, True),
    ],
)
def test_a_failure_has_its_class(make: Make, scenario: str, expected: type[ModelError], retryable: bool) -> None:
    with pytest.raises(expected) as caught:
        list(make(scenario).stream(ChatRequest(messages=(ChatMessage("user", QUESTION),))))

    assert caught.value.retryable is retryable
    assert caught.value.code == "ai_service_unavailable"
    assert caught.value.status == 503
    assert SECRET not in f"{caught.value} {caught.value.server_said} {caught.value!r}"


def test_text_before_a_break_is_delivered(make: Make) -> None:
    delivered: list[str] = []
    with pytest.raises(ModelStreamBroken):
        for event in make("cut").stream(ChatRequest(messages=(ChatMessage("user", QUESTION),))):
            assert isinstance(event, TextDelta)
            delivered.append(event.text)
    assert "".join(delivered) == "Where is "


def test_a_stream_can_be_left_early(make: Make) -> None:
    with closing(make("").stream(ChatRequest(messages=(ChatMessage("user", QUESTION),)))) as events:
        assert next(events) == TextDelta("Where ")
    assert next(events, None) is None
