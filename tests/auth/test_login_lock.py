"""POST /v1/auth/login: the lock after too many failures."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models.login_throttle import LoginThrottle
from tests.cast import PASSWORD, Cast
from tests.rows import audited, change, count, now_in

PATH = "/v1/auth/login"
BOB = "bob@acme.example"

Guess = Callable[..., TestResponse]


@pytest.fixture
def guess(client: FlaskClient, cast: Cast) -> Guess:
    """Signs in with a wrong password: `guess(BOB, times=5)` answers the last."""

    def fail(email: str, times: int = 1) -> TestResponse:
        answers = [client.post(PATH, json={"email": email, "password": "wrong wrong"}) for _ in range(times)]
        return answers[-1]

    return fail


def pass_the_lock(database: Session, email: str = BOB) -> None:
    """The lock has just run out."""
    change(database, LoginThrottle, email, locked_until=datetime.now(UTC) - timedelta(seconds=1))


def test_locks_after_the_fifth_failure(guess: Guess) -> None:
    assert guess(BOB, times=5).status_code == 401
    answer = guess(BOB)
    assert (answer.status_code, answer.json["code"]) == (429, "login_locked")
    assert 1 <= int(answer.headers["Retry-After"]) <= 31


def test_refuses_the_right_password_while_locked(client: FlaskClient, guess: Guess) -> None:
    guess(BOB, times=5)
    answer = client.post(PATH, json={"email": BOB, "password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (429, "login_locked")


def test_locks_whatever_case_the_email_is_in(guess: Guess) -> None:
    guess("Bob@acme.example", times=3)
    guess("BOB@ACME.example", times=2)
    assert guess(BOB).status_code == 429


def test_locks_an_unknown_email_alike(guess: Guess) -> None:
    known, unknown = guess(BOB, times=6), guess("nobody@acme.example", times=6)
    assert known.status_code == unknown.status_code == 429
    assert known.json["code"] == unknown.json["code"]
    assert abs(int(known.headers["Retry-After"]) - int(unknown.headers["Retry-After"])) <= 1


def test_does_not_count_while_locked(database: Session, guess: Guess) -> None:
    guess(BOB, times=8)
    assert now_in(database, LoginThrottle, BOB).failures == 5


@pytest.mark.parametrize(("failures", "seconds"), [(4, 30), (5, 60), (6, 120), (9, 900), (5000, 900)])
def test_doubles_the_lock_up_to_the_longest(
    client: FlaskClient, database: Session, guess: Guess, failures: int, seconds: int
) -> None:
    database.add(LoginThrottle(email=BOB, failures=failures))
    database.commit()
    assert guess(BOB).status_code == 401
    wait = now_in(database, LoginThrottle, BOB).locked_until - datetime.now(UTC)
    assert seconds - 5 < wait.total_seconds() <= seconds


def test_counts_on_when_a_lock_has_passed(database: Session, guess: Guess) -> None:
    guess(BOB, times=5)
    pass_the_lock(database)
    assert guess(BOB).status_code == 401
    assert 31 < int(guess(BOB).headers["Retry-After"]) <= 61


def test_starts_over_after_a_success(client: FlaskClient, database: Session, guess: Guess) -> None:
    guess(BOB, times=5)
    pass_the_lock(database)
    assert client.post(PATH, json={"email": BOB, "password": PASSWORD}).status_code == 200
    assert count(database, LoginThrottle) == 0


def test_locks_nobody_else(client: FlaskClient, cast: Cast, guess: Guess) -> None:
    guess(BOB, times=6)
    assert client.post(PATH, json={"email": cast.alice.email, "password": PASSWORD}).status_code == 200


def test_leaves_open_sessions_alone(client: FlaskClient, cast: Cast, guess: Guess) -> None:
    guess(BOB, times=6)
    assert client.get("/v1/auth/validate", headers=cast.bob.headers).status_code == 200


def test_audits_the_lock(database: Session, guess: Guess, cast: Cast) -> None:
    guess(BOB, times=5)
    entry = audited(database, "login_locked")
    assert (entry.company_id, entry.risk_level, entry.after) == (cast.acme, "high", {"email": BOB, "failures": 5})


def test_counts_failures_of_the_same_moment(app: Flask, database: Session, cast: Cast) -> None:
    def fail(_: int) -> int:
        return app.test_client().post(PATH, json={"email": BOB, "password": "wrong wrong"}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fail, range(4))) == [401] * 4
    assert now_in(database, LoginThrottle, BOB).failures == 4


def test_a_burst_does_not_outrun_the_lock(app: Flask, database: Session, cast: Cast) -> None:
    """Attempts that were under way when the lock fell aren't told whether they were right, not even the right one."""

    def attempt(number: int) -> int:
        body = {"email": BOB, "password": "wrong"}
        return app.test_client().post(PATH, json=body).status_code

    with ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(attempt, range(25)))
    assert statuses.count(401) == 5
    assert statuses.count(429) == 20
