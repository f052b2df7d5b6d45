"""How the text of an answer is sent as it comes."""

import threading
import time
from uuid import UUID

import pytest
from flask import Flask

from app.core.ids import new_id
from app.extensions import redis_extension
from app.realtime.frames import stream_key
from app.repositories.turns import Claim
from app.services import deltas as deltas_service
from app.services import turn_leases
from app.services.deltas import DeltaStream, shortest_pause


def deltas(conversation_id: UUID) -> list[str]:
    """What the conversation's stream holds."""
    return [
        b" ".join(fields.values()).decode() for _, fields in redis_extension.client.xrange(stream_key(conversation_id))
    ]


def make_claim() -> Claim:
    return Claim(
        company_id=new_id(),
        turn_id=new_id(),
        conversation_id=new_id(),
        message_id=new_id(),
        agent_id=new_id(),
        attempt=1,
    )


def wait_for(conversation_id: UUID, count: int) -> list[str]:
    end = time.monotonic() + 5
    while len(found := deltas(conversation_id)) < count and time.monotonic() < end:
        time.sleep(0.01)
    return found


def test_words_before_a_pause_are_not_held_back_until_the_next_ones(app: Flask) -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    stream.send("One ")
    stream.send("two ")
    found = wait_for(claim.conversation_id, 2)
    assert len(found) == 2
    assert '"sequence":2' in found[1]
    assert '"text":"two "' in found[1]


def test_pieces_in_quick_succession_travel_together(app: Flask) -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    for word in ("One ", "two ", "three "):
        stream.send(word)
    stream.flush()
    assert [each.count('"text"') for each in deltas(claim.conversation_id)] == [1, 1]
    assert '"text":"two three "' in deltas(claim.conversation_id)[1]


def names(found: list[str]) -> list[str]:
    return [each.partition(" ")[0] for each in found]


def test_that_an_answer_was_begun_is_said_once_and_before_its_words(app: Flask) -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    stream.announce()
    stream.send("One ")
    assert names(deltas(claim.conversation_id)) == ["chat_status.processing", "chat_delta"]
    stream.announce_now()
    stream.send("two ")
    assert names(wait_for(claim.conversation_id, 3)) == ["chat_status.processing", "chat_delta", "chat_delta"]


def test_that_an_answer_was_begun_does_not_wait_for_its_words(app: Flask) -> None:
    claim = make_claim()
    DeltaStream(claim).announce()
    assert names(wait_for(claim.conversation_id, 1)) == ["chat_status.processing"]


def test_that_an_answer_was_begun_is_said_before_its_end(app: Flask) -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    stream.announce()
    stream.announce_now()
    assert names(deltas(claim.conversation_id)) == ["chat_status.processing"]


def test_a_thread_that_cannot_be_started_is_started_with_the_next_piece(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(deltas_service, "_sender", deltas_service._Sender())
    claim = make_claim()
    stream = DeltaStream(claim)
    stream.send("One ")
    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            stream.send("two ")
    stream.send("three ")
    assert '"text":"two three "' in wait_for(claim.conversation_id, 2)[1]


def test_what_waits_is_void_after_a_restart(app: Flask) -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    stream.send("Wrong ")
    stream.send("words ")
    stream.restart()
    stream.send("Right")
    stream.flush()
    found = wait_for(claim.conversation_id, 2)
    assert ['"sequence":1' in each for each in found] == [True, True]
    assert '"text":"Right"' in found[1]


def test_pieces_are_rarer_the_more_turns_a_process_answers() -> None:
    assert shortest_pause(1) == shortest_pause(20) < shortest_pause(40) < shortest_pause(66) < shortest_pause(200)
    assert shortest_pause(200) == 0.1  # nobody waits for longer than that


def test_turns_are_counted_while_they_are_held(app: Flask) -> None:
    before = turn_leases.count()
    with turn_leases.held(make_claim()), turn_leases.held(make_claim()):
        assert turn_leases.count() == before + 2
    assert turn_leases.count() == before
