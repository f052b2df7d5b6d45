"""How events reach a receiver, and what happens when they don't."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from app.core import tenancy
from app.core.transaction import transaction
from app.extensions import redis_extension
from app.models.company import Company
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEvent
from app.services import webhook_events, webhook_sending
from tests.cast import Cast
from tests.rows import all_of, change, count, now_in
from tests.webhook.conftest import Happen, WithSettings, a_secret, add_webhook, seconds_until
from tests.webhook.receiver import Received, Receiver, receiving

Deliver = Callable[[UUID], None]
PassTime = Callable[[timedelta], None]


def only(database: Session) -> WebhookDelivery:
    """The one delivery that there is."""
    (delivery,) = all_of(database, WebhookDelivery)
    return delivery


def test_an_event_is_delivered_and_signed(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    happen(n=1, text="Grüße")
    deliver(webhook)
    (received,) = receiver.taken
    event = Verifier(a_secret()).verify(received.body, received.headers)
    assert (event["type"], event["data"]) == ("message.created", {"n": 1, "text": "Grüße"})
    (stored,) = all_of(database, WebhookEvent)
    assert received.id == str(stored.id)
    assert event["timestamp"] == stored.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    delivery = only(database)
    assert (delivery.status, delivery.tries, delivery.response_status) == ("delivered", 1, 204)
    assert now_in(database, Webhook, webhook).last_success_at is not None


def test_numbers_of_more_than_64_bits_are_sent_as_they_are_stored(
    webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    happen(details={"n": 2**70})
    deliver(webhook)
    (received,) = receiver.taken
    assert json.loads(received.body)["data"] == {"details": {"n": 2**70}}


@pytest.mark.parametrize("part", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_what_was_tampered_with_is_noticed(
    webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, part: str
) -> None:
    happen(amount=1)
    deliver(webhook)
    (received,) = receiver.taken
    body, headers, secret = received.body, dict(received.headers), a_secret()
    if part == "body":
        body = body.replace(b'"amount":1', b'"amount":9')
    elif part == "secret":
        secret = secret.replace("C2FV", "C2FW")
    else:
        headers[part] = str(uuid4()) if part == "webhook-id" else str(int(headers[part]) - 1)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body, headers)


def test_two_secrets_sign_during_a_rotation_and_one_afterwards(
    database: Session,
    webhook: UUID,
    receiver: Receiver,
    happen: Happen,
    deliver: Deliver,
    call: Callable[..., object],
    pass_time: PassTime,
) -> None:
    answer = call("POST", f"/v1/webhook/{webhook}/secret", overlap_hours=1)
    fresh = answer.json["secret"]  # type: ignore[attr-defined]
    happen()
    deliver(webhook)
    pass_time(timedelta(hours=1))
    happen()
    deliver(webhook)
    during, after = receiver.taken
    for secret in (a_secret(), fresh):
        Verifier(secret).verify(during.body, during.headers)
    Verifier(fresh).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(a_secret()).verify(after.body, after.headers)


def test_an_event_is_one_row_and_goes_to_those_who_want_it(
    database: Session, cast: Cast, receiver: Receiver, happen: Happen
) -> None:
    wanting = [
        add_webhook(database, cast.acme, receiver.url()),
        add_webhook(database, cast.acme, receiver.url(), "message.created"),
        add_webhook(database, cast.acme, receiver.url(), status="switched_off"),
    ]
    add_webhook(database, cast.acme, receiver.url(), "lead.created")
    add_webhook(database, cast.acme, receiver.url(), status="disabled")
    add_webhook(database, cast.acme, receiver.url(), status="gone")
    add_webhook(database, cast.globex, receiver.url())
    happen()
    assert count(database, WebhookEvent) == 1
    assert {each.webhook_id for each in all_of(database, WebhookDelivery)} == set(wanting)


def test_nothing_is_written_for_a_company_without_webhooks(database: Session, happen: Happen) -> None:
    happen()
    assert count(database, WebhookEvent) == 0


def test_a_failure_is_tried_again_with_the_same_id(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, pass_time: PassTime
) -> None:
    receiver.answer, receiver.body = lambda _: 500, b"down \x00 for maintenance" + b"." * 5000
    happen()
    deliver(webhook)
    deliver(webhook)  # not due
    delivery = only(database)
    assert (delivery.status, delivery.tries, delivery.error_code) == ("pending", 1, "http_status")
    assert delivery.response_body == ("down \ufffd for maintenance" + "." * 5000)[:1024]
    assert 3 <= seconds_until(delivery.due_at) <= 6
    receiver.answer = lambda _: 200
    pass_time(timedelta(seconds=7))
    deliver(webhook)
    assert [each.id for each in receiver.all] == [str(delivery.event_id)] * 2
    delivery = only(database)
    assert (delivery.status, delivery.error_code, [each["status"] for each in delivery.attempts]) == (
        "delivered",
        None,
        [500, 200],
    )
    assert now_in(database, Webhook, webhook).failing_since is None


def test_waits_longer_after_every_failure_and_a_day_in_all() -> None:
    waits = [webhook_sending.wait_after(tries) for tries in range(1, len(webhook_sending.WAITS) + 2)]
    assert waits[-1] is None
    for wait, usual in zip(waits, webhook_sending.WAITS, strict=False):
        assert wait is not None
        assert 0.8 * usual <= wait.total_seconds() <= 1.2 * usual
    assert list(webhook_sending.WAITS) == sorted(webhook_sending.WAITS)
    assert 23 * 3600 <= sum(webhook_sending.WAITS) <= 25 * 3600
    assert len({webhook_sending.wait_after(9) for _ in range(20)}) > 1  # jitter


def test_a_receiver_may_ask_for_more_time(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    receiver.answer, receiver.headers = lambda _: 429, {"Retry-After": "600"}
    happen()
    deliver(webhook)
    assert 590 < seconds_until(only(database).due_at) <= 600


def test_a_redirect_inside_is_not_followed(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    with receiving() as inside:
        receiver.answer, receiver.headers = lambda _: 307, {"Location": inside.url("/secret")}
        happen()
        deliver(webhook)
        assert inside.all == []
    delivery = only(database)
    assert (delivery.status, delivery.response_status, delivery.error_code) == ("pending", 307, "redirected")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest", "blocked_address"),
        ("http://10.0.0.1/hook", "blocked_address"),
        ("http://[::1]:{port}/hook", "blocked_address"),
        ("http://127.0.0.1:{port}/hook", "blocked_address"),
        ("http://nobody.invalid/hook", "name_not_found"),
    ],
)
def test_an_internal_address_is_never_called(
    database: Session,
    cast: Cast,
    receiver: Receiver,
    happen: Happen,
    deliver: Deliver,
    inside: WithSettings,
    url: str,
    code: str,
) -> None:
    inside(allowed_networks=())
    webhook = add_webhook(database, cast.acme, url.format(port=receiver.port))
    happen()
    deliver(webhook)
    delivery = only(database)
    assert (receiver.all, delivery.status, delivery.error_code) == ([], "pending", code)


def test_without_tls_nothing_is_sent_unless_the_operator_allows_it(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, inside: WithSettings
) -> None:
    inside(webhook_allow_http=False)
    happen()
    deliver(webhook)
    assert (receiver.all, only(database).error_code) == ([], "not_https")


def test_a_slow_receiver_is_not_waited_for(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, inside: WithSettings
) -> None:
    inside(webhook_timeout_seconds=0.2)
    hanging = _Hanging()
    receiver.answer = hanging
    happen()
    deliver(webhook)
    hanging.end.set()
    delivery = only(database)
    assert (delivery.status, delivery.error_code) == ("pending", "timed_out")


def test_a_receiver_that_is_not_there_is_a_failure(
    database: Session, cast: Cast, inside: WithSettings, happen: Happen, deliver: Deliver
) -> None:
    with receiving() as gone:
        url = gone.url()
    webhook = add_webhook(database, cast.acme, url)
    happen()
    deliver(webhook)
    delivery = only(database)
    assert (delivery.status, delivery.error_code, delivery.response_status) == ("pending", "unreachable", None)


def test_order_is_kept_within_a_conversation_and_failures_hold_up_nothing_else(
    webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, pass_time: PassTime
) -> None:
    bad, good = uuid4(), uuid4()
    receiver.answer = lambda received: 500 if received.event["data"] == {"talk": "bad", "n": 0} else 200
    for number in range(4):
        happen(bad, talk="bad", n=number)
        happen(good, talk="good", n=number)
    deliver(webhook)
    assert _told(receiver) == [("good", number) for number in range(4)]
    happen(bad, talk="bad", n=4)
    happen(good, talk="good", n=4)
    deliver(webhook)
    assert _told(receiver)[4:] == [("good", 4)]
    receiver.answer = lambda _: 200
    pass_time(timedelta(seconds=7))
    deliver(webhook)
    assert _told(receiver)[5:] == [("bad", number) for number in range(5)]


def test_what_comes_behind_a_failure_waits_as_long_and_no_longer(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, call: Callable[..., object]
) -> None:
    receiver.answer = lambda _: 503
    stream = happen(n=0)
    deliver(webhook)
    happen(stream, n=1)
    first, second = all_of(database, WebhookDelivery)
    assert second.due_at == first.due_at
    receiver.answer = lambda _: 200
    call("POST", f"/v1/webhook/{webhook}/delivery/{first.id}/redeliver")
    deliver(webhook)
    assert [each.event["data"]["n"] for each in receiver.taken] == [0, 1]


def test_an_event_that_is_refused_for_a_day_is_given_up_and_the_next_go_on(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, pass_time: PassTime
) -> None:
    receiver.answer = lambda received: 400 if received.event["data"]["n"] == 0 else 200
    stream = happen(n=0)
    deliver(webhook)
    happen(n=1)  # of another conversation
    deliver(webhook)
    happen(stream, n=2)
    for wait in webhook_sending.WAITS:
        pass_time(timedelta(seconds=1.2 * wait))
        deliver(webhook)
    first, *_ = all_of(database, WebhookDelivery)
    assert (first.status, first.tries, first.finished_at is None) == ("failed", len(webhook_sending.WAITS) + 1, False)
    assert [each.event["data"]["n"] for each in receiver.taken] == [1, 2]
    assert now_in(database, Webhook, webhook).status == "active"


def test_an_hour_away_loses_nothing(
    database: Session, cast: Cast, inside: WithSettings, happen: Happen, deliver: Deliver, pass_time: PassTime
) -> None:
    with receiving() as before:
        port = before.port
        webhook = add_webhook(database, cast.acme, before.url())
    talks = [uuid4() for _ in range(3)]
    for number in range(12):
        happen(talks[number % 3], talk=number % 3, n=number)
        deliver(webhook)
        pass_time(timedelta(minutes=5))
    with receiving(port) as back:
        pass_time(timedelta(hours=1))
        deliver(webhook)
        told = _told(back)
    assert sorted(number for _, number in told) == list(range(12))
    assert len({each.id for each in back.taken}) == 12
    for talk in range(3):
        assert [number for each, number in told if each == talk] == list(range(talk, 12, 3))


def test_not_more_than_so_many_are_under_way_at_once(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, inside: WithSettings
) -> None:
    inside(webhook_concurrency=2)
    for _ in range(3):
        happen()
    first, second, third = all_of(database, WebhookDelivery)
    for each in (first, second):
        change(database, WebhookDelivery, each.id, status="sending", attempt=1, due_at=_in(60))
    deliver(webhook)
    assert receiver.all == []
    change(database, WebhookDelivery, first.id, status="delivered")
    deliver(webhook)
    assert [each.id for each in receiver.taken] == [str(third.event_id)]


def test_takes_over_from_a_worker_that_died(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    happen()
    change(database, WebhookDelivery, only(database).id, status="sending", attempt=1, tries=1, due_at=_in(60))
    deliver(webhook)
    assert receiver.all == []  # it may live still
    change(database, WebhookDelivery, only(database).id, due_at=_in(-1))
    deliver(webhook)
    delivery = only(database)
    assert (len(receiver.taken), delivery.status, delivery.attempt) == (1, "delivered", 2)


def test_a_late_worker_does_not_overwrite_its_successor(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    happen()

    def answer(_received: Received) -> int:
        receiver.answer = lambda _: 500
        change(database, WebhookDelivery, only(database).id, attempt=2)  # another worker has it by now
        return 200

    receiver.answer = answer
    deliver(webhook)
    delivery = only(database)
    assert (delivery.status, delivery.attempt, delivery.finished_at) == ("sending", 2, None)


def test_the_sweep_finds_what_nobody_was_woken_for(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, sweep: Callable[[], int]
) -> None:
    happen()
    redis_extension.client.flushdb()  # the wake-up is lost
    assert (sweep(), _waiting_jobs()) == (1, 1)
    happen()
    assert (sweep(), _waiting_jobs()) == (1, 1)  # one message is enough


def test_the_sweep_leaves_alone_what_is_not_due_or_not_wanted(
    database: Session, cast: Cast, receiver: Receiver, happen: Happen, sweep: Callable[[], int]
) -> None:
    webhook = add_webhook(database, cast.acme, receiver.url())
    happen()
    change(database, WebhookDelivery, only(database).id, due_at=_in(60))
    assert sweep() == 0
    change(database, WebhookDelivery, only(database).id, due_at=_in(-60))
    assert sweep() == 1
    change(database, Webhook, webhook, status="disabled")
    assert sweep() == 0


def test_a_deleted_company_is_told_nothing(
    database: Session, cast: Cast, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    happen()
    change(database, Company, cast.acme, deleted_at=_in(-1))
    deliver(webhook)
    assert receiver.all == []


def test_no_event_is_written_when_the_change_is_rolled_back(
    app: Flask, database: Session, cast: Cast, webhook: UUID
) -> None:
    def change_and_fail() -> None:
        with transaction():
            tenancy.enter_company(cast.acme)
            webhook_events.record(cast.acme, webhook_events.WebhookEventType.LEAD_CREATED, uuid4(), dict)
            raise RuntimeError("no")

    with app.app_context(), pytest.raises(RuntimeError):
        change_and_fail()
    assert (count(database, WebhookEvent), _waiting_jobs()) == (0, 0)


def test_logs_say_nothing_of_what_events_say(
    webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer, receiver.body = lambda _: 500, b"vera@example.com is unknown"
    happen(email="vera@example.com")
    with caplog.at_level("DEBUG"):
        deliver(webhook)
    told = json.dumps([record.__dict__ for record in caplog.records], default=str)
    assert "did not take an event" in told
    assert "vera" not in told
    assert f"{receiver.port}/hook" not in told


def _told(receiver: Receiver) -> list[tuple[object, int]]:
    return [(each.event["data"]["talk"], each.event["data"]["n"]) for each in receiver.taken]


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _waiting_jobs() -> int:
    return int(redis_extension.client.llen("frontdesk:webhooks"))


class _Hanging:
    """Answers only once it is let."""

    def __init__(self) -> None:
        self.end = threading.Event()

    def __call__(self, _received: Received) -> int:
        self.end.wait(20)
        return 200
