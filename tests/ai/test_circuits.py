"""When a circuit opens, and how it closes again."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.ai.circuits import Circuit, Ticket, circuit, circuit_key


def admitted(breaker: Circuit) -> Ticket:
    ticket = breaker.admit()
    assert ticket
    return ticket


def opened(open_seconds: float = 0.02) -> Circuit:
    breaker = Circuit(failures=2, open_seconds=open_seconds)
    for _ in range(2):
        breaker.fail(admitted(breaker))
    return breaker


def test_only_failures_in_a_row_count() -> None:
    breaker = Circuit(failures=2)
    for _ in range(5):
        breaker.fail(admitted(breaker))
        breaker.succeed(admitted(breaker))
    assert breaker.closed


def test_an_open_circuit_admits_nobody() -> None:
    assert opened(60).admit() is None


def test_one_trial_at_a_time_goes_through_after_the_rest() -> None:
    breaker = opened()
    time.sleep(0.03)
    with ThreadPoolExecutor(8) as pool:
        tickets = [ticket for ticket in pool.map(lambda _: breaker.admit(), range(50)) if ticket]
    assert [ticket.trial for ticket in tickets] == [True]


def test_a_successful_trial_closes_the_circuit() -> None:
    breaker = opened()
    time.sleep(0.03)
    breaker.succeed(admitted(breaker))
    assert breaker.closed


def test_a_failed_trial_opens_it_for_another_while() -> None:
    breaker = opened()
    time.sleep(0.03)
    breaker.fail(admitted(breaker))
    assert breaker.admit() is None


def test_a_trial_that_was_given_up_leaves_room_for_the_next() -> None:
    breaker = opened()
    time.sleep(0.03)
    breaker.release(admitted(breaker))
    assert admitted(breaker).trial


def test_a_call_from_before_says_nothing_about_now() -> None:
    breaker = Circuit(failures=1, open_seconds=60)
    early = admitted(breaker)
    breaker.fail(admitted(breaker))
    breaker.succeed(early)
    assert not breaker.closed


def key_of(**other: object) -> str:
    asked = {"provider": "openai", "base_url": "https://models.example/v1", "api_key": "sk-secret", "model": "large"}
    return circuit_key(**{"settings_id": 1, **asked, **other})  # type: ignore[arg-type]


def test_circuits_are_shared_by_key_and_their_key_hides_the_secret() -> None:
    assert circuit(key_of()) is circuit(key_of(base_url="https://models.example/v1/"))
    assert "secret" not in key_of()


@pytest.mark.parametrize(
    "other", [{"api_key": "sk-other"}, {"model": "small"}, {"settings_id": 2}, {"base_url": "https://b.example"}]
)
def test_another_key_model_server_or_owner_has_a_circuit_of_its_own(other: dict[str, object]) -> None:
    assert circuit(key_of()) is not circuit(key_of(**other))
