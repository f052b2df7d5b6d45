"""What became of events, sending them again, and trying a webhook out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEventType
from tests.cast import Cast
from tests.rows import all_of, audited, change, now_in
from tests.webhook.conftest import Happen
from tests.webhook.receiver import Receiver

Call = Callable[..., Any]
Deliver = Callable[[UUID], None]


def test_says_what_became_of_an_event(
    client: FlaskClient, cast: Cast, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, call: Call
) -> None:
    receiver.answer, receiver.body = lambda _: 502, b"bad gateway"
    stream = happen(email="vera@example.com")
    deliver(webhook)
    (item,) = call("GET", f"/v1/webhook/{webhook}/delivery").json["items"]
    assert item == call("GET", f"/v1/webhook/{webhook}/delivery/{item['id']}").json
    assert (item["event_type"], item["subject_id"], item["event_id"]) == (
        "message.created",
        str(stream),
        receiver.all[0].id,
    )
    assert (item["status"], item["response_status"], item["response_body"]) == ("pending", 502, "bad gateway")
    assert (item["error_code"], item["next_attempt_at"] is None, len(item["attempts"])) == ("http_status", False, 1)
    assert "vera" not in str(item)  # a key that may read webhooks may not read leads


def test_filters_deliveries(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, call: Call
) -> None:
    receiver.answer = lambda received: 500 if received.type == "lead.created" else 200
    talk = happen()
    happen(event_type=WebhookEventType.LEAD_CREATED)
    deliver(webhook)
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()

    def types(**query: str) -> list[str]:
        parts = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in query.items())
        page = call("GET", f"/v1/webhook/{webhook}/delivery?{parts}").json
        assert page["pagination"]["total"] == len(page["items"])
        return [each["event_type"] for each in page["items"]]

    assert types() == ["lead.created", "message.created"]
    assert types(status="delivered") == ["message.created"]
    assert types(event_type="lead.created") == ["lead.created"]
    assert types(subject_id=str(talk)) == ["message.created"]
    assert (types(since=later), types(until=later)) == ([], ["lead.created", "message.created"])


def test_sends_one_event_again_under_its_id(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, call: Call
) -> None:
    happen()
    deliver(webhook)
    (delivery,) = all_of(database, WebhookDelivery)
    answer = call("POST", f"/v1/webhook/{webhook}/delivery/{delivery.id}/redeliver")
    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    deliver(webhook)
    assert [each.id for each in receiver.taken] == [str(delivery.event_id)] * 2
    audited(database, "webhook_redelivered")


def test_does_not_send_what_is_being_sent(database: Session, webhook: UUID, happen: Happen, call: Call) -> None:
    happen()
    (delivery,) = all_of(database, WebhookDelivery)
    change(database, WebhookDelivery, delivery.id, status="sending", attempt=1)
    answer = call("POST", f"/v1/webhook/{webhook}/delivery/{delivery.id}/redeliver")
    assert (answer.status_code, answer.json["code"]) == (409, "being_sent")


def test_sends_everything_again_that_was_given_up_since(
    database: Session, webhook: UUID, receiver: Receiver, happen: Happen, deliver: Deliver, call: Call
) -> None:
    for number in range(4):
        happen(n=number)
    rows = all_of(database, WebhookDelivery)
    for each, status, hours in zip(rows, ("failed", "failed", "delivered", "failed"), (3, 2, 1, 0), strict=True):
        created = datetime.now(UTC) - timedelta(hours=hours)
        change(database, WebhookDelivery, each.id, status=status, created_at=created)
    since, until = (datetime.now(UTC) - timedelta(hours=hours) for hours in (2.5, 0.5))
    answer = call("POST", f"/v1/webhook/{webhook}/redeliver", since=since.isoformat(), until=until.isoformat())
    assert (answer.status_code, answer.json["count"]) == (202, 1)
    assert call("POST", f"/v1/webhook/{webhook}/redeliver", since=since.isoformat()).json["count"] == 1
    deliver(webhook)
    assert [each.event["data"]["n"] for each in receiver.taken] == [1, 3]


@pytest.mark.parametrize("path", ["delivery/{id}/redeliver", "redeliver"])
def test_sends_nothing_again_to_a_webhook_that_is_off(
    database: Session, webhook: UUID, happen: Happen, call: Call, path: str
) -> None:
    happen()
    (delivery,) = all_of(database, WebhookDelivery)
    change(database, Webhook, webhook, status="switched_off")
    body = {} if "{id}" in path else {"since": datetime.now(UTC).isoformat()}
    answer = call("POST", f"/v1/webhook/{webhook}/{path.format(id=delivery.id)}", **body)
    assert (answer.status_code, answer.json["code"]) == (409, "webhook_not_active")


def test_tries_a_webhook_out(database: Session, webhook: UUID, receiver: Receiver, call: Call) -> None:
    change(database, Webhook, webhook, status="disabled")
    answer = call("POST", f"/v1/webhook/{webhook}/test")
    assert (answer.status_code, answer.json["status"], answer.json["response_status"]) == (200, "delivered", 204)
    assert receiver.types == ["webhook.test"]


def test_says_how_trying_it_out_failed_and_leaves_it_at_that(
    database: Session, webhook: UUID, receiver: Receiver, call: Call, deliver: Deliver
) -> None:
    receiver.answer = lambda _: 404
    answer = call("POST", f"/v1/webhook/{webhook}/test")
    assert (answer.status_code, answer.json["status"], answer.json["error_code"]) == (200, "failed", "http_status")
    deliver(webhook)
    assert (len(receiver.all), now_in(database, Webhook, webhook).failing_since) == (1, None)
