"""What a client of an event stream gets."""

import dataclasses
import gc
import json
import warnings
from collections.abc import Iterator
from threading import Event
from uuid import uuid4

import pytest
import redis

from app.core import settings as current_settings
from app.errors import Unauthenticated
from app.realtime import hub as hub_module
from app.realtime import sse
from app.realtime.events import Typing
from app.realtime.hub import Hub
from app.realtime.publisher import Publisher
from app.realtime.seats import NoSeatLeft, TooManyStreams, seats
from app.realtime.sse import StreamingUnavailable
from launcher.valkey import EmbeddedValkey
from tests.realtime.conftest import Reader, Turn, lose_everything, open_stream, pass_a_millisecond, wait_until


@pytest.fixture
def fast_heartbeat() -> None:
    current_settings.configure(dataclasses.replace(current_settings.settings(), stream_heartbeat_seconds=0.05))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent turns are asked for after a moment."""
    monkeypatch.setattr(hub_module, "SETTLE_SECONDS", 0.1)


def test_a_turn_as_it_happens(turn: Turn, hub: Hub) -> None:
    reader = Reader(open_stream(hub, turn.conversation_id))
    turn.status("queued")
    turn.status("processing")
    turn.say("Hello ")
    turn.say("you")
    turn.finish()
    reader.wait()
    assert reader.names == ["queued", "processing", "chat_delta", "chat_delta", "completed"]
    assert [int(each.partition("-")[2]) for each in reader.ids] == [1, 2, 3, 4, 5]


def test_the_framing(turn: Turn, hub: Hub) -> None:
    with open_stream(hub, turn.conversation_id) as stream:
        opening = next(stream).decode()
        (id,) = turn.say("two\nlines \u2028 ünïcode")
        event = next(stream).decode()
    assert opening == f"retry: 1000\nid: {id.partition('-')[0]}-0\n\n"
    first, second, third, *rest = event.split("\n")
    assert (first, second, rest) == (f"id: {id}", "event: chat_delta", ["", ""])
    payload = json.loads(third.removeprefix("data: "))
    assert payload["text"] == "two\nlines \u2028 ünïcode"
    assert payload["event"] == "chat_delta"
    assert (payload["conversation_id"], payload["task_id"]) == (str(turn.conversation_id), str(turn.id))
    assert (payload["attempt"], payload["sequence"]) == (1, 1)


def test_a_client_that_comes_just_after_asking_misses_nothing(turn: Turn, hub: Hub) -> None:
    before = Turn(turn.publisher, turn.conversation_id)
    before.say()
    before.finish()
    turn.status("queued")
    turn.say()
    reader = Reader(open_stream(hub, turn.conversation_id))
    turn.finish()
    assert reader.wait().names == ["queued", "chat_delta", "completed"]


def test_of_what_happened_before_only_unfinished_turns_are_told(turn: Turn, hub: Hub) -> None:
    other = Turn(turn.publisher, turn.conversation_id)
    turn.status("queued")
    other.status("queued")
    other.finish()
    turn.say()
    reader = Reader(open_stream(hub, turn.conversation_id))
    turn.finish()
    assert reader.wait().names == ["queued", "chat_delta", "completed"]


def test_resumes_after_the_last_event_seen(turn: Turn, hub: Hub) -> None:
    turn.status("queued")
    (seen,) = turn.say()
    turn.say()
    turn.finish()
    reader = Reader(open_stream(hub, turn.conversation_id, seen))
    assert reader.wait().names == ["chat_delta", "completed"]


def test_resumes_from_the_beginning_of_a_stream(turn: Turn, hub: Hub) -> None:
    """A client that got no event yet comes back with the id that its stream opened with."""
    with open_stream(hub, turn.conversation_id) as stream:
        place = next(stream).decode().splitlines()[1].removeprefix("id: ")
    with open_stream(hub, turn.conversation_id, place) as stream:
        assert place in next(stream).decode()
    turn.status("queued")
    turn.finish()
    reader = Reader(open_stream(hub, turn.conversation_id, place))
    assert reader.wait().names == ["queued", "completed"]


@pytest.mark.slow  # more than a page of events
def test_resumes_over_many_events(turn: Turn, hub: Hub) -> None:
    (first,) = turn.status("queued")
    for _ in range(1200):
        turn.say()
    turn.finish()
    reader = Reader(open_stream(hub, turn.conversation_id, first))
    assert [int(each.partition("-")[2]) for each in reader.wait().ids] == list(range(2, 1203))
    assert reader.names == ["chat_delta"] * 1200 + ["completed"]


@pytest.mark.parametrize("strange", ["", "x", "1-1", "0", "9" * 40, "1-1-1", "-", "٣-١", "17953150492360-99999999"])
def test_an_id_that_nobody_knows_leads_to_a_resync(turn: Turn, hub: Hub, strange: str) -> None:
    turn.status("queued")
    reader = Reader(open_stream(hub, turn.conversation_id, strange))
    turn.finish()
    assert reader.wait().names == ["resync", "queued", "completed"]


def test_an_id_of_a_stream_that_is_gone_leads_to_a_resync(turn: Turn, hub: Hub, client: object) -> None:
    (seen,) = turn.finish()
    lose_everything(turn.publisher._client())
    other = Turn(turn.publisher, turn.conversation_id)
    other.status("queued")
    reader = Reader(open_stream(hub, turn.conversation_id, seen))
    other.finish()
    assert reader.wait().names == ["resync", "queued", "completed"]


def test_an_id_that_is_not_kept_any_more_leads_to_a_resync(turn: Turn, hub: Hub, client: object) -> None:
    (seen,) = turn.status("queued")
    turn.say()
    (last,) = turn.finish()
    turn.publisher._client().xtrim(f"frontdesk:events:{turn.conversation_id}", maxlen=1, approximate=False)
    reader = Reader(open_stream(hub, turn.conversation_id, seen), last="resync").wait()
    assert reader.names == ["resync"]
    assert reader.ids == [last]  # with it the client is up to date, and comes back to here


def test_a_stream_that_redis_lost_meanwhile_leads_to_a_resync(own_client: redis.Redis, valkey: EmbeddedValkey) -> None:
    turn, hub = Turn(Publisher(lambda: own_client)), Hub(valkey.url())
    reader = Reader(open_stream(hub, turn.conversation_id))
    turn.status("queued")
    wait_until(lambda: "queued" in reader.names, "the first event")
    pass_a_millisecond(own_client)
    own_client.script_flush()
    turn.finish()
    assert reader.wait().names == ["queued", "resync", "completed"]
    hub.close()


def test_a_turn_whose_end_redis_lost_is_asked_for(turn: Turn, hub: Hub, impatient: None) -> None:
    lost = Event()

    def settle(turn_ids: list[str]) -> None:
        if lost.is_set():  # on a busy machine it may be asked for before
            turn.finish()

    reader = Reader(open_stream(hub, turn.conversation_id, settle=settle))
    turn.status("queued")
    wait_until(lambda: "queued" in reader.names, "the first event")
    lose_everything(turn.publisher._client())
    Turn(turn.publisher, turn.conversation_id).say()
    lost.set()
    assert reader.wait().names == ["queued", "resync", "chat_delta", "completed"]


def test_several_clients_get_the_same(turn: Turn, hub: Hub) -> None:
    readers = [Reader(open_stream(hub, turn.conversation_id, listener=f"lead:{n}")) for n in range(5)]
    turn.status("queued")
    turn.finish()
    assert {tuple(reader.wait().ids) for reader in readers} == {tuple(readers[0].ids)}
    assert len(readers[0].ids) == 2


def test_nobody_hears_another_conversation(turn: Turn, hub: Hub) -> None:
    stranger = Turn(turn.publisher)
    reader = Reader(open_stream(hub, turn.conversation_id))
    stranger.finish()
    turn.finish()
    assert str(stranger.conversation_id) not in reader.wait().text


def test_says_that_it_lives(turn: Turn, hub: Hub, fast_heartbeat: None) -> None:
    reader = Reader(open_stream(hub, turn.conversation_id), last="heartbeat").wait()
    (line,) = [each for each in reader.text.splitlines() if each.startswith("data:")]
    assert set(json.loads(line.removeprefix("data: "))) == {"event", "at"}
    assert reader.ids == []


def test_ends_when_it_is_not_allowed_any_more(turn: Turn, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "RECHECK_SECONDS", 0.05)
    answers = iter([True, False])
    reader = Reader(open_stream(hub, turn.conversation_id, still_allowed=lambda: next(answers)), last="never")
    reader.wait()
    assert reader.names == ["end"]
    assert '"code":"insufficient_permissions"' in reader.text


def test_a_nudge_asks_at_once(turn: Turn, hub: Hub) -> None:
    def ended() -> bool:
        raise Unauthenticated

    reader = Reader(open_stream(hub, turn.conversation_id, still_allowed=ended), last="never")
    wait_until(lambda: reader.text, "the opening")
    wait_until(lambda: all(topic.confirmed for topic in hub._all_topics()), "the subscription")
    turn.publisher.recheck(turn.conversation_id)
    assert '"reason":"not_allowed","code":"authentication_failed"' in reader.wait().text


def test_a_nudge_about_a_caller_asks_about_all_that_they_hear_and_nobody_else(turn: Turn, hub: Hub) -> None:
    def ended() -> bool:
        raise Unauthenticated

    readers = [
        Reader(open_stream(hub, each, listener="user:alice", still_allowed=ended), last="never")
        for each in (turn.conversation_id, uuid4())
    ]
    with open_stream(hub, turn.conversation_id, listener="user:bob") as of_bob:
        wait_until(lambda: all(reader.text for reader in readers), "the opening")
        wait_until(lambda: all(topic.confirmed for topic in hub._all_topics()), "the subscription")
        turn.publisher.recheck_caller("user:alice")
        assert all('"code":"authentication_failed"' in reader.wait().text for reader in readers)
        assert not of_bob._follower.recheck_due


def test_a_nudge_while_it_is_asked_about_is_not_lost(turn: Turn, hub: Hub) -> None:
    """The answer that is on its way may be from before what the nudge is about."""
    asked, answer = Event(), Event()

    def allowed_until_now() -> bool:
        if asked.is_set():
            raise Unauthenticated
        asked.set()
        return answer.wait(5)

    stream = open_stream(hub, turn.conversation_id, still_allowed=allowed_until_now)
    reader = Reader(stream, last="never")
    wait_until(lambda: reader.text, "the opening")
    wait_until(lambda: all(topic.confirmed for topic in hub._all_topics()), "the subscription")
    turn.publisher.recheck_caller("lead:vera")
    assert asked.wait(5)
    turn.publisher.recheck_caller("lead:vera")
    turn.say()
    wait_until(lambda: "chat_delta" in reader.names, "what was said after the nudge")
    answer.set()
    assert '"code":"authentication_failed"' in reader.wait().text


def test_asks_how_a_silent_turn_is(turn: Turn, hub: Hub, impatient: None) -> None:
    asked: list[list[str]] = []

    def settle(turn_ids: list[str]) -> None:
        asked.append(turn_ids)
        turn.finish()

    turn.status("processing")
    readers = [Reader(open_stream(hub, turn.conversation_id, settle=settle)) for _ in range(3)]
    for reader in readers:
        assert reader.wait().names == ["processing", "completed"]
    assert asked == [[str(turn.id)]]


def test_asks_for_nothing_when_no_turn_is_open(turn: Turn, hub: Hub, impatient: None, fast_heartbeat: None) -> None:
    asked: list[list[str]] = []
    (last,) = turn.finish()
    reader = Reader(open_stream(hub, turn.conversation_id, last, settle=asked.append), last="never")
    wait_until(lambda: reader.names.count("heartbeat") >= 4, "heartbeats")
    assert asked == []
    hub.drain()


def test_a_failing_question_ends_nothing(turn: Turn, hub: Hub, impatient: None) -> None:
    def settle(turn_ids: list[str]) -> None:
        turn.finish()
        raise RuntimeError("Postgres is away")

    turn.status("processing")
    assert Reader(open_stream(hub, turn.conversation_id, settle=settle)).wait().names == ["processing", "completed"]


def test_a_slow_client_gets_everything(turn: Turn, hub: Hub) -> None:
    """Its mailbox overflows while it doesn't read."""
    with open_stream(hub, turn.conversation_id) as stream:
        next(stream)
        wait_until(lambda: all(topic.confirmed for topic in hub._all_topics()), "the subscription")
        ids = [id for _ in range(400) for id in turn.say()] + turn.finish()
        wait_until(lambda: stream._follower._behind, "the overflow")
        reader = Reader(stream).wait()
    assert reader.ids == ids


def test_draining_sends_everybody_away(turn: Turn, hub: Hub) -> None:
    readers = [Reader(open_stream(hub, uuid4()), last="end") for _ in range(5)]
    hub.drain()
    for reader in readers:
        assert '"reason":"restarting"' in reader.wait().text
        assert reader.text.count("retry: ") == 2  # they are told to come back at different times
    assert Reader(open_stream(hub, uuid4()), last="end").wait().names == ["end"]


def test_other_events_are_told_as_well(turn: Turn, hub: Hub) -> None:
    reader = Reader(open_stream(hub, turn.conversation_id), last="typing")
    typing = Typing(conversation_id=turn.conversation_id, who="supporter", active=True, display_name="Dana")
    turn.publisher.publish(turn.conversation_id, [typing])
    assert '"display_name":"Dana"' in reader.wait().text


def test_one_caller_has_a_limited_number_of_streams(turn: Turn, hub: Hub) -> None:
    streams = [open_stream(hub, turn.conversation_id, most=2) for _ in range(2)]
    with pytest.raises(TooManyStreams):
        open_stream(hub, turn.conversation_id, most=2)
    open_stream(hub, turn.conversation_id, listener="lead:another", most=2).close()
    streams[0].close()
    streams[0].close()
    open_stream(hub, turn.conversation_id, most=2).close()
    streams[1].close()
    assert not seats._taken


@pytest.fixture
def one_seat() -> Iterator[None]:
    seats.limit(1)
    yield
    seats.limit(10**9)


def test_a_process_has_a_limited_number_of_streams(turn: Turn, hub: Hub, one_seat: None) -> None:
    with open_stream(hub, turn.conversation_id), pytest.raises(NoSeatLeft):
        open_stream(hub, turn.conversation_id, listener="lead:another")
    assert not seats._taken


def test_a_stream_that_nobody_closed_is_freed(turn: Turn, hub: Hub) -> None:
    with warnings.catch_warnings():
        # What tests before this one left behind is not its subject.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    open_stream(hub, turn.conversation_id)
    gc.collect()
    assert not seats._taken
    assert not hub._topics


def test_without_redis_there_is_no_stream() -> None:
    away = Hub("redis://127.0.0.1:1")
    with pytest.raises(StreamingUnavailable) as refused:
        open_stream(away, uuid4())
    assert (refused.value.status, refused.value.retry_after) == (503, 2)
    assert not seats._taken
    away.close()
