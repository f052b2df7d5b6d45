"""Calls are counted a minute, by category and caller; whoever is above the limit waits."""

import itertools
import time
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.core.redis import make_client
from app.extensions import redis_extension
from app.http import rate_limits
from app.models.company import Company
from app.security import tokens
from tests.cast import Cast, Headers

PROFILE, STATISTICS, LOGIN = "/v1/user/profile", "/v1/company/statistics", "/v1/auth/login"
BEGIN = 1_800_000_000.0  # the first second of a minute


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = BEGIN

    def time(self) -> float:
        """The present moment."""
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Otherwise a minute could end in the middle of a test."""
    clock = Clock()
    monkeypatch.setattr(rate_limits, "time", clock)
    return clock


@pytest.fixture
def limits(with_settings: Callable[..., None]) -> None:
    """Limits that a test reaches."""
    with_settings(rate_limit_general=3, rate_limit_analytics=2, rate_limit_authentication=2)


def _told(answer: TestResponse) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))


def _profile_of(client: FlaskClient, headers: Headers) -> Callable[[], TestResponse]:
    return partial(client.get, PROFILE, headers=headers)


def _until_refused(call: Callable[[], TestResponse], most: int = 10) -> int:
    """How many calls are let through."""
    return next(number for number in range(most) if call().status_code == 429)


@pytest.mark.usefixtures("limits")
def test_tells_how_much_is_left(client: FlaskClient, cast: Cast) -> None:
    told = [_told(client.get(PROFILE, headers=cast.alice.headers)) for _ in range(4)]
    reset = int(BEGIN) + 60
    assert told == [(3, 2, reset), (3, 1, reset), (3, 0, reset), (3, 0, reset)]


@pytest.mark.usefixtures("limits")
def test_refuses_the_next_call_until_the_minute_is_over(client: FlaskClient, cast: Cast, clock: Clock) -> None:
    clock.now += 12.5
    assert _until_refused(_profile_of(client, cast.alice.headers)) == 3
    refused = client.get(PROFILE, headers=cast.alice.headers)
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limit_exceeded")
    assert refused.content_type == "application/problem+json"
    assert int(refused.headers["Retry-After"]) == 48
    assert "48 seconds" in refused.json["detail"]
    clock.now += int(refused.headers["Retry-After"])
    assert client.get(PROFILE, headers=cast.alice.headers).status_code == 200


@pytest.mark.usefixtures("limits")
def test_counts_what_was_refused_for_other_reasons(client: FlaskClient, cast: Cast) -> None:
    def call() -> TestResponse:
        return client.put(PROFILE, json={"nonsense": 1}, headers=cast.alice.headers)

    assert _until_refused(call) == 3


@pytest.mark.usefixtures("limits")
def test_counts_callers_apart(client: FlaskClient, cast: Cast) -> None:
    callers = [cast.alice.headers, cast.bob.headers, cast.key(cast.alice, "read"), cast.key(cast.alice, "read")]
    assert [_until_refused(_profile_of(client, headers)) for headers in callers] == [3, 3, 3, 3]


@pytest.mark.usefixtures("limits")
def test_counts_tokens_of_a_user_together(client: FlaskClient, cast: Cast, app: Flask) -> None:
    assert cast.alice.session_id
    with app.app_context():
        second = tokens.issue_access(cast.alice.id, cast.alice.session_id)
    signed = itertools.cycle([cast.alice.headers, {"Authorization": f"Bearer {second}"}])
    assert _until_refused(lambda: client.get(PROFILE, headers=next(signed))) == 3


@pytest.mark.usefixtures("limits")
def test_counts_categories_apart(client: FlaskClient, cast: Cast) -> None:
    assert _until_refused(_profile_of(client, cast.alice.headers)) == 3
    assert _until_refused(lambda: client.get(STATISTICS, headers=cast.alice.headers)) == 2


@pytest.mark.usefixtures("limits")
def test_counts_anonymous_calls_by_address(client: FlaskClient, cast: Cast) -> None:
    def login(address: str) -> TestResponse:
        return client.post(LOGIN, json={}, environ_overrides={"REMOTE_ADDR": address})

    assert _until_refused(lambda: login("192.0.2.1")) == 2
    assert _until_refused(lambda: login("192.0.2.2")) == 2


@pytest.mark.usefixtures("limits")
def test_nobody_gets_more_by_saying_they_come_from_elsewhere(client: FlaskClient, cast: Cast) -> None:
    claimed = (f"192.0.2.{number}" for number in itertools.count())

    def login() -> TestResponse:
        names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP")
        return client.post(LOGIN, json={}, headers=dict.fromkeys(names, next(claimed)))

    assert _until_refused(login) == 2


@pytest.mark.usefixtures("limits")
def test_slows_the_guessing_of_credentials_down(client: FlaskClient, cast: Cast) -> None:
    guesses = (f"fds_{number}" for number in itertools.count())

    def guess() -> TestResponse:
        key = cast.key(cast.alice, "read")["X-API-Key"]
        return client.get(PROFILE, headers={"X-API-Key": key, "X-API-Secret": next(guesses)})

    assert _until_refused(guess) == 3
    assert client.get(PROFILE, headers=cast.alice.headers).status_code == 200, "and nobody else"


@pytest.mark.usefixtures("limits")
def test_who_sends_no_credentials_guesses_none(client: FlaskClient, cast: Cast) -> None:
    assert [client.get(PROFILE).status_code for _ in range(8)] == [401] * 8


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize(
    ("own", "allowed"), [({"general": 5}, 5), ({"general": 1}, 1), ({"analytics": 9}, 3), ({}, 3), ({"general": 0}, 3)]
)
def test_a_company_may_have_limits_of_its_own(
    client: FlaskClient, cast: Cast, own: dict[str, int], allowed: int
) -> None:
    cast.database.execute(update(Company).where(Company.id == cast.acme).values(rate_limits=own))
    cast.database.commit()
    for headers in (cast.alice.headers, cast.key(cast.alice, "read")):
        assert _until_refused(_profile_of(client, headers)) == allowed
    assert _until_refused(_profile_of(client, cast.charlie.headers)) == 3


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/docs", "/metrics", "/.well-known/jwks.json"])
def test_probes_and_documents_are_not_counted(client: FlaskClient, path: str) -> None:
    answers = [client.get(path) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert not [name for name, _ in answers[0].headers if name.startswith("X-RateLimit")]


def test_every_limited_answer_tells_its_limit(client: FlaskClient, cast: Cast) -> None:
    for answer in (
        client.get(PROFILE, headers=cast.alice.headers),
        client.get(PROFILE, headers={"Authorization": "Bearer guessed"}),
        client.get("/v1/super-admin/company", headers=cast.alice.headers),
        client.post(LOGIN, json={}),
        client.post(LOGIN, data=b"x", content_type="text/plain"),
    ):
        limit, remaining, reset = _told(answer)
        assert remaining < limit
        assert reset % 60 == 0


# Without Redis.


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A Redis at a port where nobody listens. What it holds is counted in `tries`."""
    client = make_client("redis://127.0.0.1:1/0", timeout_seconds=0.1)
    counters = rate_limits._Counters()
    counters.bind(client)
    tries = SimpleNamespace(count=0)
    increment = counters._shared.incr  # type: ignore[union-attr]

    def counted(*args: Any, **options: Any) -> int:
        tries.count += 1
        return increment(*args, **options)

    monkeypatch.setattr(counters._shared, "incr", counted)
    monkeypatch.setattr(rate_limits, "_counters", counters)
    monkeypatch.setattr(redis_extension, "_rest_until", float("-inf"))
    yield tries
    client.close()


@pytest.mark.usefixtures("limits")
def test_counts_in_the_process_while_redis_is_away(
    client: FlaskClient, cast: Cast, without_redis: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    assert _until_refused(_profile_of(client, cast.alice.headers)) == 3
    assert _until_refused(_profile_of(client, cast.bob.headers)) == 3
    assert "counting in this process while Redis is away" in caplog.text
    assert without_redis.count == 1, "Redis is left alone for a while after it failed"


@pytest.mark.usefixtures("limits", "without_redis")
def test_is_quick_while_redis_is_away(client: FlaskClient, cast: Cast) -> None:
    begun = time.monotonic()
    assert client.get(PROFILE, headers=cast.alice.headers).status_code == 200
    assert time.monotonic() - begun < 1


@pytest.mark.usefixtures("limits")
def test_asks_redis_again_after_a_while(
    client: FlaskClient, cast: Cast, without_redis: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(PROFILE, headers=cast.alice.headers)
    monkeypatch.setattr(redis_extension, "_rest_until", float("-inf"))  # some seconds later
    client.get(PROFILE, headers=cast.alice.headers)
    assert without_redis.count == 2


@pytest.mark.usefixtures("limits")
def test_processes_count_together_in_redis(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(PROFILE, headers=cast.alice.headers)
    another_process = rate_limits._Counters()
    another_process.bind(redis_extension.client)
    monkeypatch.setattr(rate_limits, "_counters", another_process)
    assert _until_refused(_profile_of(client, cast.alice.headers)) == 2


def test_counts_a_large_limit_to_the_call(
    client: FlaskClient, cast: Cast, with_settings: Callable[..., None], clock: Clock
) -> None:
    """Though a process takes several calls at a time from Redis."""
    with_settings(rate_limit_general=100)
    assert _until_refused(_profile_of(client, cast.alice.headers), most=120) == 100


def test_counters_do_not_stay_in_redis(client: FlaskClient, cast: Cast) -> None:
    client.get(PROFILE, headers=cast.alice.headers)
    names = list(redis_extension.client.scan_iter("*frontdesk:limit:*"))
    assert names
    assert all(0 < redis_extension.client.ttl(name) <= 60 for name in names)
