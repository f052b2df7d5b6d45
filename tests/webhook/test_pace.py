"""Slow receivers share half of a process's places."""

from contextlib import ExitStack
from uuid import UUID, uuid4

import pytest

from app.services import webhook_pace
from app.services.webhook_pace import Pace


def known_as_slow(pace: Pace, monkeypatch: pytest.MonkeyPatch, count: int) -> list[UUID]:
    """Webhooks that took their time before."""
    slow = [uuid4() for _ in range(count)]
    monkeypatch.setattr(webhook_pace, "_SLOW_SECONDS", -1)
    for each in slow:
        with pace.place_for(each):
            pass
    monkeypatch.setattr(webhook_pace, "_SLOW_SECONDS", 60)
    return slow


def test_slow_ones_wait_for_each_other_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(places=2)
    first, second, third = known_as_slow(pace, monkeypatch, 3)
    with ExitStack() as under_way:
        assert under_way.enter_context(pace.place_for(first))
        assert under_way.enter_context(pace.place_for(second))
        with pace.place_for(third) as has_place:
            assert not has_place
        for _ in range(10):
            assert under_way.enter_context(pace.place_for(uuid4()))
    with pace.place_for(third) as has_place:
        assert has_place


def test_one_that_is_quick_again_counts_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(places=1)
    first, second = known_as_slow(pace, monkeypatch, 2)
    with pace.place_for(first):
        pass
    with pace.place_for(second), pace.place_for(first) as has_place:
        assert has_place


def test_a_place_comes_back_when_a_delivery_breaks_down(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(places=1)
    (slow,) = known_as_slow(pace, monkeypatch, 1)
    with pytest.raises(RuntimeError), pace.place_for(slow):
        raise RuntimeError("broken")
    with pace.place_for(slow) as has_place:
        assert has_place
