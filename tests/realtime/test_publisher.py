"""Events get ids without gaps, and only those who may speak are heard."""

import json
import socket
import time
from uuid import uuid4

import pytest
import redis

from app.core.redis import make_client
from app.realtime import scripts
from app.realtime.events import ChatResponse, Typing
from app.realtime.frames import stream_key
from app.realtime.publisher import Publisher, TurnRef
from launcher.valkey import EmbeddedValkey
from tests.realtime.conftest import Turn, lose_everything, pass_a_millisecond


def numbers(ids: list[str] | None) -> list[int]:
    assert ids is not None
    return [int(each.partition("-")[2]) for each in ids]


def test_ids_count_without_gaps(turn: Turn) -> None:
    ids = [*turn.status("queued"), *turn.say(), *turn.say(), *turn.finish()]
    assert numbers(ids) == [1, 2, 3, 4]
    assert len({each.partition("-")[0] for each in ids}) == 1


def test_several_events_are_published_in_one_step(turn: Turn, client: redis.Redis) -> None:
    heard = client.pubsub()
    heard.subscribe(stream_key(turn.conversation_id))
    heard.get_message(timeout=1)
    response = ChatResponse(
        conversation_id=turn.conversation_id, task_id=turn.id, message_id=turn.id, attempt=1, message={"content": "Hi"}
    )
    typing = Typing(conversation_id=turn.conversation_id, who="agent", active=False)
    ids = turn.publisher.publish(turn.conversation_id, [response, typing], turn=turn.ref, final=True)
    messages = [heard.get_message(timeout=1)["data"].split(b" ", 4) for _ in range(2)]
    assert [each[0].decode() for each in messages] == ids
    assert [each[1:4] for each in messages] == [
        [b"chat_response", str(turn.id).encode(), b"."],
        [b"typing", str(turn.id).encode(), b"!"],
    ]
    payload = json.loads(messages[0][4])
    assert payload["event"] == "chat_response"
    assert payload["message"] == {"content": "Hi"}
    assert payload["at"].endswith("Z")
    heard.close()


def test_a_late_twin_of_an_older_attempt_is_refused(turn: Turn) -> None:
    turn.status("processing")
    turn.attempt = 2
    turn.status("processing")
    late = Turn(turn.publisher, turn.conversation_id, turn.id, attempt=1)
    assert late.say() == []
    assert late.finish() == []
    assert numbers(turn.finish()) == [3]


def test_nothing_follows_the_end_of_a_turn(turn: Turn) -> None:
    turn.finish()
    assert turn.say() == []
    later = Turn(turn.publisher, turn.conversation_id, turn.id, attempt=2)
    assert later.say() == []


def test_announcing_an_end_twice_is_harmless(turn: Turn, client: redis.Redis) -> None:
    turn.finish()
    assert turn.finish() == []
    assert client.xlen(stream_key(turn.conversation_id)) == 1


def test_turns_of_one_conversation_do_not_disturb_one_another(turn: Turn) -> None:
    turn.finish()
    other = Turn(turn.publisher, turn.conversation_id)
    assert numbers(other.say()) == [2]


def test_events_of_nobodys_turn_are_always_heard(turn: Turn) -> None:
    turn.finish()
    typing = Typing(conversation_id=turn.conversation_id, who="supporter", active=True, display_name="Dana")
    assert numbers(turn.publisher.publish(turn.conversation_id, [typing])) == [2]


def test_the_stream_is_forgotten_after_a_while(turn: Turn, client: redis.Redis) -> None:
    turn.say()
    key = stream_key(turn.conversation_id)
    assert 3_590_000 < client.pttl(key) <= 3_600_000
    assert client.pexpiretime(key) == client.pexpiretime(f"{key}:state")


@pytest.mark.slow  # a thousand events
def test_the_stream_keeps_the_latest_events_only(turn: Turn, client: redis.Redis, settings: object) -> None:
    import dataclasses

    from app.core import settings as current_settings

    current_settings.configure(dataclasses.replace(current_settings.settings(), stream_keep_events=200))
    for _ in range(1000):
        turn.say()
    assert 200 <= client.xlen(stream_key(turn.conversation_id)) <= 400


def test_a_redis_that_started_anew_begins_a_new_epoch(own_client: redis.Redis) -> None:
    """It may have lost the last second of events: their ids must not be given out again."""
    turn = Turn(Publisher(lambda: own_client))
    first = turn.say()
    assert first
    pass_a_millisecond(own_client)  # no Redis starts within the one in which it has answered
    own_client.script_flush()
    second = turn.say()
    assert second
    assert numbers(second) == [1]
    assert int(second[0].partition("-")[0]) > int(first[0].partition("-")[0])
    assert numbers(turn.say()) == [2]


def test_a_stream_that_redis_lost_begins_a_new_epoch(turn: Turn, client: redis.Redis) -> None:
    first = turn.say()
    lose_everything(client)
    assert turn.say()[0] > first[0]
    client.delete(f"{stream_key(turn.conversation_id)}:state")
    time.sleep(0.002)
    assert numbers(turn.say()) == [1]
    assert client.xlen(stream_key(turn.conversation_id)) == 1


def test_numbers_too_long_for_orjson_are_published_all_the_same(turn: Turn) -> None:
    response = ChatResponse(
        conversation_id=turn.conversation_id, task_id=turn.id, message_id=turn.id, attempt=1, message={"n": 2**70}
    )
    assert numbers(turn.publisher.publish(turn.conversation_id, [response])) == [1]


def test_redis_away_is_no_error_and_costs_little(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        publisher = Publisher(lambda: client)
        client = make_client(f"redis://127.0.0.1:{deaf.getsockname()[1]}", 0.1)
        turn = Turn(publisher)
        started = time.monotonic()
        assert [turn.say() for _ in range(100)] == [None] * 100
        assert time.monotonic() - started < 0.25
        assert len(caplog.records) == 1
        started = time.monotonic()
        assert turn.finish() is None  # the end of a turn is tried all the same
        assert time.monotonic() - started > 0.05
        client.close()


def test_publishes_again_when_redis_is_back(turn: Turn, client: redis.Redis) -> None:
    turn.publisher._rest_until = time.monotonic() + 0.05
    assert turn.say() is None
    time.sleep(0.06)
    assert numbers(turn.say()) == [1]


def test_an_attempt_is_part_of_the_reference(turn: Turn) -> None:
    assert TurnRef(turn.id, 1) != TurnRef(turn.id, 2)
    assert TurnRef(uuid4(), 1) != turn.ref


def say_together(turns: list[Turn]) -> None:
    turns[0].publisher.publish_each([(each.conversation_id, [each.word()], each.ref) for each in turns])


def kept(turn: Turn, client: redis.Redis) -> list[str]:
    """The names of what the stream of a turn's conversation holds."""
    return [fields[b"e"].split(b" ")[0].decode() for _, fields in client.xrange(stream_key(turn.conversation_id))]


def test_pieces_of_many_turns_are_published_in_one_turn_to_redis(turn: Turn, client: redis.Redis) -> None:
    others = [Turn(turn.publisher) for _ in range(3)]
    turn.status("processing")
    say_together([turn, *others])
    say_together([turn, *others])
    assert kept(turn, client) == ["chat_status.processing", "chat_delta", "chat_delta"]
    assert [kept(each, client) for each in others] == [["chat_delta", "chat_delta"]] * 3


def test_of_pieces_that_are_published_together_those_of_a_late_twin_are_refused(
    turn: Turn, client: redis.Redis
) -> None:
    other, over = Turn(turn.publisher), Turn(turn.publisher)
    over.finish()
    turn.attempt = 2
    turn.status("processing")
    late = Turn(turn.publisher, turn.conversation_id, turn.id, attempt=1)
    say_together([late, over, other])
    assert kept(turn, client) == ["chat_status.processing"]
    assert kept(over, client) == ["chat_status.completed"]
    assert kept(other, client) == ["chat_delta"]


def test_pieces_are_published_by_a_redis_that_has_just_started(valkey: EmbeddedValkey) -> None:
    client = make_client(valkey.url(), 1.0)
    turns = [Turn(Publisher(lambda: client)) for _ in range(2)]
    say_together(turns)
    assert [kept(each, client) for each in turns] == [["chat_delta"], ["chat_delta"]]
    client.close()


def test_what_is_forgotten_ends_its_turns_in_the_same_step(turn: Turn, client: redis.Redis) -> None:
    other, over = (Turn(turn.publisher, turn.conversation_id) for _ in range(2))
    ids = [*turn.say(), *other.say(), *over.finish()]
    ends = [(each.ref, each.word()) for each in (turn, over)]
    turn.publisher.forget(turn.conversation_id, ends)
    assert turn.say() == over.say() == []
    assert kept(turn, client) == ["chat_delta"]  # the end of the one that wasn't over
    found = other.say()
    assert numbers(found) == [2]
    assert found[0].partition("-")[0] > ids[0].partition("-")[0]
    assert client.hkeys(f"{stream_key(turn.conversation_id)}:state") == [b"epoch", b"n", f"o:{other.id}".encode()]


def test_what_goes_on_after_something_was_forgotten_is_forgotten_too_one_day(turn: Turn, client: redis.Redis) -> None:
    turn.say()
    turn.publisher.forget(turn.conversation_id)
    assert not client.exists(stream_key(turn.conversation_id))
    turn.say()
    turn.finish()
    assert client.pttl(stream_key(turn.conversation_id)) > 0
    assert client.pttl(f"{stream_key(turn.conversation_id)}:state") > 0


def test_an_error_of_one_stream_does_not_silence_the_others(own_client: redis.Redis) -> None:
    broken, well = (stream_key(uuid4()) for _ in range(2))
    own_client.set(f"{broken}:state", "no hash")
    own_client.script_flush()
    said = [scripts.Said(stream, [b"typing"], turn=None, final=False) for stream in (broken, well)]
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        scripts.append_each(own_client, said, scripts.Keep(seconds=60, events=100))
    assert own_client.xlen(well) == 1
