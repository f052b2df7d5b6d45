"""How many turns of a process compute at a time, and that all others wait in line."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from app.services import turn_starts
from app.services.deltas import DeltaStream
from app.services.turn_starts import Place, Reader
from tests.conversation.test_deltas import deltas, make_claim, wait_for

PLACES = 4


@contextmanager
def everything_taken() -> Iterator[list[Place]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Place()) for _ in range(PLACES)]


@contextmanager
def someone_waiting() -> Iterator[threading.Event]:
    """Somebody who is in line for a place, and the event that says that they have it."""
    begun = threading.Event()

    def begin() -> None:
        with Place():
            begun.set()

    waiting = threading.Thread(target=begin)
    waiting.start()
    spin_until_crowded()
    try:
        yield begun
    finally:
        waiting.join(10)


def spin_until_crowded() -> None:
    pause = threading.Event()
    for _ in range(500):
        if turn_starts.is_crowded():
            return
        pause.wait(0.01)
    pytest.fail("nobody waits")


def test_one_more_waits_until_a_place_is_left() -> None:
    with everything_taken() as places, someone_waiting() as begun:
        assert not begun.is_set()
        places[0].leave()
        assert begun.wait(10)
    assert not turn_starts.is_crowded()


def test_a_place_is_given_back_once() -> None:
    with Place() as place:
        place.leave()
        place.leave()
    with everything_taken() as places, someone_waiting() as begun:
        assert not begun.is_set()
        places[0].leave()


def test_a_turn_that_fails_gives_its_place_back() -> None:
    for _ in range(PLACES + 1):
        with pytest.raises(ValueError, match="broken"), Place():
            raise ValueError("broken")
    assert not turn_starts.is_crowded()


@pytest.mark.usefixtures("app")
def test_further_words_wait_while_others_wait_for_their_first() -> None:
    claim = make_claim()
    stream = DeltaStream(claim)
    with everything_taken() as places, someone_waiting():
        stream.send("One ")
        for word in ("two ", "three "):
            stream.send(word)
        assert len(deltas(claim.conversation_id)) == 1
        places[0].leave()
    found = wait_for(claim.conversation_id, 2)
    assert '"text":"two three "' in found[1]


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long readers rested; nobody really does."""
    taken: list[float] = []
    monkeypatch.setattr(turn_starts.time, "sleep", taken.append)
    return taken


def test_nobody_rests_while_nobody_waits(rests: list[float]) -> None:
    Reader().give_way()
    assert rests == []


def test_a_reader_rests_while_others_wait_and_reads_on_what_came_meanwhile(
    rests: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 100.0
    monkeypatch.setattr(turn_starts, "is_crowded", lambda: True)
    monkeypatch.setattr(turn_starts.time, "monotonic", lambda: at)
    reader = Reader()
    reader.give_way()
    reader.give_way()  # a piece that waited, too
    assert len(rests) == 1
    at += 1.0
    reader.give_way()
    assert len(rests) == 2
