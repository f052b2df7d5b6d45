"""A webhook that fails for a day, or whose receiver is gone, is switched off; its admins are told; it can come back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.models.audit_entry import AuditEntry
from app.models.mail import Mail
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEvent
from app.services import housekeeping, mail_delivery, webhook_sending
from tests.cast import Cast
from tests.rows import all_of, audited, change, count, now_in
from tests.webhook.conftest import Happen, add_webhook
from tests.webhook.receiver import Receiver

Deliver = Callable[[UUID], None]
PassTime = Callable[[timedelta], None]


@pytest.fixture
def fail_for_a_day(deliver: Deliver, pass_time: PassTime, receiver: Receiver) -> Callable[[UUID], None]:
    """Lets the receiver refuse everything until nothing is tried any more."""

    def run(webhook: UUID) -> None:
        receiver.answer = lambda _: 503
        deliver(webhook)
        for wait in webhook_sending.WAITS:
            pass_time(timedelta(seconds=1.2 * wait))
            deliver(webhook)

    return run


def test_a_day_of_nothing_but_failures_switches_a_webhook_off(
    database: Session, cast: Cast, webhook: UUID, happen: Happen, fail_for_a_day: Callable[[UUID], None]
) -> None:
    happen()
    fail_for_a_day(webhook)
    assert now_in(database, Webhook, webhook).status == "switched_off"
    entry = audited(database, "webhook_switched_off")
    assert (entry.entity_id, entry.company_id, entry.actor_id) == (str(webhook), cast.acme, None)
    (mail,) = all_of(database, Mail)
    assert (mail.recipient, mail.company_id, mail.template) == (cast.alice.email, cast.acme, "webhook_switched_off")
    # Not given up: it goes on once the webhook is back.
    assert [each.status for each in all_of(database, WebhookDelivery)] == ["pending"]


def test_the_notice_says_which_webhook_and_where_but_no_more_of_its_address(
    app: Flask, database: Session, cast: Cast, webhook: UUID, happen: Happen, fail_for_a_day: Callable[[UUID], None]
) -> None:
    happen()
    fail_for_a_day(webhook)
    (mail,) = all_of(database, Mail)
    with app.app_context():
        _, text = mail_delivery.compose(mail)
        mail_delivery.deliver(mail.id)
    assert str(webhook) in text
    assert " at 127.0.0.1," in text
    assert "/hook," not in text
    assert now_in(database, Mail, mail.id).status == "sent"


def test_what_waited_is_sent_in_order_when_it_is_switched_on_again(
    database: Session,
    webhook: UUID,
    receiver: Receiver,
    happen: Happen,
    deliver: Deliver,
    fail_for_a_day: Callable[[UUID], None],
    call: Callable[..., object],
) -> None:
    stream = happen(n=0)
    happen(stream, n=1)
    fail_for_a_day(webhook)
    happen(stream, n=2)  # while it is off
    deliver(webhook)
    receiver.answer = lambda _: 204
    call("PUT", f"/v1/webhook/{webhook}", status="active")
    deliver(webhook)
    assert [each.event["data"]["n"] for each in receiver.taken] == [0, 1, 2]
    row = now_in(database, Webhook, webhook)
    assert (row.status, row.failing_since) == ("active", None)


def test_410_switches_a_webhook_off_at_once(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver
) -> None:
    receiver.answer = lambda _: 410
    happen()
    happen()
    deliver(webhook)
    assert len(receiver.all) == 1
    assert now_in(database, Webhook, webhook).status == "gone"
    assert [each.template for each in all_of(database, Mail)] == ["webhook_gone"]
    happen()
    assert count(database, WebhookEvent) == 2  # nothing is kept for it any more


def test_a_success_in_between_keeps_a_webhook_on(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, pass_time: PassTime
) -> None:
    receiver.answer = lambda received: 500 if received.event["data"]["bad"] else 200
    happen(bad=True)
    deliver(webhook)
    for wait in webhook_sending.WAITS:
        happen(bad=False)
        pass_time(timedelta(seconds=1.2 * wait))
        deliver(webhook)
    assert now_in(database, Webhook, webhook).status == "active"
    assert all_of(database, WebhookDelivery)[0].status == "failed"
    assert count(database, AuditEntry, AuditEntry.event_type == "webhook_switched_off") == 0


def test_old_events_are_forgotten_with_their_deliveries(
    app: Flask, database: Session, cast: Cast, receiver: Receiver, happen: Happen
) -> None:
    add_webhook(database, cast.acme, receiver.url(), status="switched_off")
    happen()
    happen()
    old, young = all_of(database, WebhookEvent)
    change(database, WebhookEvent, old.id, occurred_at=datetime.now(UTC) - timedelta(days=14, minutes=1))
    change(database, WebhookEvent, young.id, occurred_at=datetime.now(UTC) - timedelta(days=13, hours=23))
    with app.app_context():
        counts = housekeeping.purge_expired()
    assert counts["webhook_events"] == 1
    assert [each.event_id for each in all_of(database, WebhookDelivery)] == [young.id]
