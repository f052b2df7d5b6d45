"""Retries, circuits and fallback, on scripted models."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from app.ai import circuits
from app.ai.chat import (
    ChatMessage,
    ChatRequest,
    Finished,
    ModelOverloaded,
    ModelRefusedCredentials,
    ModelRejectedRequest,
    ModelStreamBroken,
    ModelTimedOut,
    ModelUnreachable,
    TextDelta,
    Timeouts,
    Usage,
)
from app.ai.fake_chat import FakeChat, Reply
from app.ai.openai_chat import OpenAIChat
from app.ai.resilience import (
    AllModelsFailed,
    CallRecord,
    Candidate,
    Outcome,
    RetryPolicy,
    Switched,
    check,
    stream_with_fallback,
)
from tests.ai.model_server import running_model_server

REQUEST = ChatRequest(messages=(ChatMessage("user", "Where is the office?"),))
QUICK = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002)
DOWN = Reply(error=ModelUnreachable("down"))
BROKEN = Reply("Half an ", error=ModelStreamBroken("cut"))
Event = TextDelta | Finished | Switched


@pytest.fixture(autouse=True)
def _closed_circuits() -> Iterator[None]:
    circuits.forget()
    yield
    circuits.forget()


def candidates(*models: FakeChat) -> list[Candidate]:
    return [Candidate(model, model.model) for model in models]


def run(
    models: Sequence[FakeChat], *, policy: RetryPolicy = QUICK, request: ChatRequest = REQUEST
) -> tuple[list[Event], list[CallRecord]]:
    records: list[CallRecord] = []
    events = list(stream_with_fallback(candidates(*models), request, policy=policy, on_call=records.append))
    return events, records


def final_text(events: Sequence[Event]) -> str:
    text = ""
    for event in events:
        if isinstance(event, Switched):
            text = ""
        elif isinstance(event, TextDelta):
            text += event.text
    return text


def test_the_first_model_answers_and_is_recorded() -> None:
    events, records = run([FakeChat([Reply("Here.", usage=Usage(7, 3))], model="a")])

    assert final_text(events) == "Here."
    assert isinstance(events[-1], Finished)
    [record] = records
    assert (record.provider, record.model, record.outcome, record.attempt) == ("fake", "a", Outcome.OK, 1)
    assert (record.input_tokens, record.output_tokens, record.estimated) == (7, 3, False)
    assert record.error_code is None
    assert record.ttft_ms is not None
    assert record.ttft_ms <= record.total_ms


def test_a_passing_failure_is_tried_again() -> None:
    events, records = run([FakeChat([DOWN, DOWN, "Here."])])

    assert final_text(events) == "Here."
    assert not any(isinstance(event, Switched) for event in events)
    assert [(record.outcome, record.attempt) for record in records] == [("error", 1), ("error", 2), ("ok", 3)]


def test_the_next_model_takes_over_when_attempts_run_out() -> None:
    first, second = FakeChat([DOWN], model="a"), FakeChat(["Here."], model="b")
    events, records = run([first, second])

    assert final_text(events) == "Here."
    assert [(record.model, record.attempt) for record in records] == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


@pytest.mark.parametrize("error", [ModelRefusedCredentials("answered 401"), ModelRejectedRequest("answered 400")])
def test_a_refusal_is_not_tried_again(error: ModelRefusedCredentials | ModelRejectedRequest) -> None:
    first = FakeChat([Reply(error=error)], model="a")
    _events, records = run([first, FakeChat(model="b")])

    assert [record.outcome for record in records] == [Outcome.REJECTED, Outcome.OK]
    assert records[0].error_code == error.kind


def test_text_of_a_broken_answer_is_declared_void() -> None:
    events, records = run([FakeChat([BROKEN, "The whole answer."])])

    assert events[:3] == [TextDelta("Half "), TextDelta("an "), Switched("cut")]
    assert final_text(events) == "The whole answer."
    assert records[0].outcome is Outcome.ERROR
    assert records[0].output_tokens > 0
    assert records[0].estimated


@pytest.mark.parametrize("nothing", ["", " \n", "<think>I may not say that.</think>\n", "<think>Let me see"])
def test_an_answer_without_a_word_is_none(nothing: str) -> None:
    empty = FakeChat([Reply(nothing, usage=Usage(9, 1))], model="a")
    events, records = run([empty, FakeChat(["Here."], model="b")])

    assert final_text(events) == "Here."
    assert [(each.model, each.outcome, each.error_code) for each in records] == [
        ("a", Outcome.ERROR, "empty_answer"),
        ("b", Outcome.OK, None),
    ]
    assert records[0].input_tokens == 9
    with pytest.raises(AllModelsFailed) as caught:
        run([empty])
    assert caught.value.reasons == ("fake/a: the answer is empty",)


def test_an_empty_answer_leaves_the_circuit_alone() -> None:
    silent = FakeChat([""], model="a")
    for _ in range(6):
        run([silent, FakeChat(["Here."], model="b")])
    assert len(silent.requests) == 6


def test_thoughts_are_for_nobody() -> None:
    events, [record] = run([FakeChat(["<think>The fence\nis forged.</think>\n\nIn Madrid."])])

    assert final_text(events) == "In Madrid."
    assert record.output_tokens > 5  # the server bills them


def test_a_failure_of_all_names_each() -> None:
    models = [FakeChat([Reply(error=ModelTimedOut("late", source="fake/a"))], model="a"), FakeChat([DOWN], model="b")]
    with pytest.raises(AllModelsFailed) as caught:
        run(models)

    assert caught.value.reasons == ("fake/a: late", "down")
    assert (caught.value.status, caught.value.code) == (503, "ai_service_unavailable")


def test_no_candidates_is_a_failure() -> None:
    with pytest.raises(AllModelsFailed):
        run([])


def test_retry_after_is_waited_for() -> None:
    busy = Reply(error=ModelOverloaded("answered 429", wait_seconds=0.1))
    started = time.monotonic()
    events, _records = run([FakeChat([busy, "Here."])])

    assert final_text(events) == "Here."
    assert time.monotonic() - started >= 0.1


def test_a_model_that_does_not_begin_is_asked_once() -> None:
    with running_model_server() as (url, _server):
        silent, broken = (
            OpenAIChat(model=f"scenario:{each}", api_key="k", base_url=f"{url}/v1", timeouts=Timeouts(first_token=0.1))
            for each in ("hang-first-token", "cut")
        )
        line = [Candidate(each, each.model) for each in (silent, broken, FakeChat(["Here."], model="b"))]
        records: list[CallRecord] = []
        events = list(stream_with_fallback(line, REQUEST, policy=QUICK, on_call=records.append))

    assert final_text(events) == "Here."
    assert [record.model for record in records] == ["scenario:hang-first-token", *["scenario:cut"] * 3, "b"]
    assert records[0].outcome is Outcome.TIMEOUT


def test_a_long_retry_after_moves_on_at_once() -> None:
    busy = FakeChat([Reply(error=ModelOverloaded("answered 429", wait_seconds=60))], model="a")
    _events, records = run([busy, FakeChat(model="b")])

    assert [record.model for record in records] == ["a", "b"]


def test_the_deadline_ends_retries() -> None:
    policy = RetryPolicy(attempts=50, first_wait=0.05, longest_wait=0.05, deadline=0.1)
    with pytest.raises(AllModelsFailed):
        run([FakeChat([Reply(error=ModelOverloaded("busy", wait_seconds=0.04))])], policy=policy)


def test_the_deadline_ends_an_attempt() -> None:
    with pytest.raises(AllModelsFailed):
        run([FakeChat(["word " * 100], seconds_per_token=0.02)], policy=RetryPolicy(deadline=0.1))


def test_a_circuit_opens_after_five_failures_and_the_model_is_skipped() -> None:
    down, well = FakeChat([DOWN], model="a"), FakeChat(model="b")
    for _ in range(3):
        run([down, well])

    assert len(down.requests) == 5
    assert len(well.requests) == 3


def test_rejected_requests_leave_the_circuit_alone() -> None:
    picky = FakeChat([Reply(error=ModelRejectedRequest("too long"))], model="a")
    for _ in range(7):
        run([picky, FakeChat(model="b")])
    assert len(picky.requests) == 7


def test_an_open_circuit_is_a_reason() -> None:
    down = FakeChat([DOWN], model="a")
    for _ in range(3):
        with pytest.raises(AllModelsFailed) as caught:
            run([down])
    assert caught.value.reasons == ("fake/a; left alone after repeated failures",)


def test_leaving_early_closes_the_stream_and_is_recorded() -> None:
    model = FakeChat(["one two three"])
    records: list[CallRecord] = []
    with closing(stream_with_fallback(candidates(model), REQUEST, policy=QUICK, on_call=records.append)) as events:
        next(events)

    assert model.closed == 1
    [record] = records
    assert record.outcome is Outcome.CANCELLED
    assert record.output_tokens > 0


def test_an_answer_is_recorded_before_it_is_handed_over() -> None:
    records: list[CallRecord] = []
    events = stream_with_fallback(candidates(FakeChat()), REQUEST, policy=QUICK, on_call=records.append)
    next(event for event in events if isinstance(event, Finished))
    events.close()

    assert [record.outcome for record in records] == [Outcome.OK]


def test_check_reports_the_model_and_the_time() -> None:
    result = check(FakeChat(model="a"))

    assert (result.ok, result.model, result.error) == (True, "a", None)
    assert result.latency_ms >= 0


def test_check_says_what_is_wrong_without_the_key() -> None:
    with running_model_server() as (url, _server):
        provider = OpenAIChat(model="scenario:unauthorized", api_key="sk-test-0123456789", base_url=f"{url}/v1")
        result = check(provider)

    assert not result.ok
    assert result.error == "openai/scenario:unauthorized: answered 401: Incorrect API key provided: …."


@pytest.mark.parametrize(
    ("most", "said", "reason"),
    [(None, "Half a loaf", "complete"), (11, "Half a loaf", "complete"), (10, "Half a loa", "too_long")],
)
def test_cuts_an_answer_that_is_longer_than_asked_for(most: int | None, said: str, reason: str) -> None:
    request = replace(REQUEST, max_characters=most)
    events, records = run([FakeChat([Reply("Half a loaf")])], request=request)
    assert "".join(each.text for each in events if isinstance(each, TextDelta)) == said
    assert isinstance(events[-1], Finished)
    assert (events[-1].stop_reason, [each.outcome for each in records]) == (reason, [Outcome.OK])


def test_what_a_model_thinks_aloud_is_not_counted() -> None:
    said = f"<think>{'hm ' * 50}</think>Half a loaf"
    events, _ = run([FakeChat([Reply(said)])], request=replace(REQUEST, max_characters=11))
    assert "".join(each.text for each in events if isinstance(each, TextDelta)) == "Half a loaf"
    assert isinstance(events[-1], Finished)
    assert events[-1].stop_reason == "complete"
