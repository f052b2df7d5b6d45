"""What the tests of webhooks share."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.agent import Agent
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.webhook_event import WebhookEventType
from app.services import webhook_delivery, webhook_events
from tests.cast import Cast
from tests.webhook.receiver import Receiver, receiving

WithSettings = Callable[..., None]
Happen = Callable[..., UUID]


@pytest.fixture
def inside(with_settings: WithSettings) -> WithSettings:
    """Receivers on this machine may be called, without TLS. Returns a way to change more settings."""
    allowed = {"allowed_networks": ("127.0.0.0/8",), "webhook_allow_http": True}
    with_settings(**allowed)
    return lambda **more: with_settings(**{**allowed, **more})


@pytest.fixture
def receiver(inside: WithSettings) -> Iterator[Receiver]:
    """A receiver that may be called although it is on this machine."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def agent(database: Session, cast: Cast) -> UUID:
    """Acme's agent."""
    agent = Agent(company_id=cast.acme, name="Ronda")
    database.add(agent)
    database.commit()
    return agent.id


@pytest.fixture
def webhook(database: Session, cast: Cast, receiver: Receiver) -> UUID:
    """Acme's webhook, which hears everything."""
    return add_webhook(database, cast.acme, receiver.url())


def add_webhook(database: Session, company_id: UUID, url: str, *event_types: str, status: str = "active") -> UUID:
    """Stores a webhook."""
    webhook = Webhook(company_id=company_id, url=url, event_types=list(event_types), status=status, secret=a_secret())
    database.add(webhook)
    database.commit()
    return webhook.id


def a_secret() -> str:
    """One of the right form."""
    return "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def happen(app: Flask, cast: Cast) -> Happen:
    """Writes an event of acme's, as a service does: `happen(stream)`. Returns the stream."""

    def write(
        stream: UUID | None = None,
        *,
        event_type: WebhookEventType = WebhookEventType.MESSAGE_CREATED,
        company_id: UUID | None = None,
        **data: object,
    ) -> UUID:
        stream = stream or uuid4()
        with app.app_context(), transaction():
            tenancy.enter_company(company_id or cast.acme)
            webhook_events.record(company_id or cast.acme, event_type, stream, lambda: data)
        return stream

    return write


@pytest.fixture
def deliver(app: Flask, cast: Cast) -> Callable[[UUID], None]:
    """Does what a worker does when it is woken for a webhook."""

    def work(webhook_id: UUID) -> None:
        with app.app_context():
            webhook_delivery.deliver(cast.acme, webhook_id)

    return work


@pytest.fixture
def sweep(app: Flask) -> Callable[[], int]:
    """Does the sweep."""

    def run() -> int:
        with app.app_context():
            return webhook_delivery.sweep()

    return run


@pytest.fixture
def pass_time(database: Session) -> Callable[[timedelta], None]:
    """Makes everything that is known of deliveries so much older."""

    def shift(by: timedelta) -> None:
        database.rollback()
        for model, columns in (
            (WebhookDelivery, ("due_at", "failing_since", "created_at")),
            (Webhook, ("failing_since", "last_success_at", "previous_secret_until")),
        ):
            values = {name: getattr(model, name) - by for name in columns}
            database.execute(update(model).values(values).execution_options(synchronize_session=False))
        database.commit()

    return shift


def seconds_until(moment: datetime) -> float:
    """How far away a moment is."""
    return (moment - datetime.now(UTC)).total_seconds()


@pytest.fixture
def call(client: FlaskClient, cast: Cast) -> Callable[..., object]:
    """Calls a route as Alice: `call("POST", "/v1/webhook", url=…)`."""
    return lambda method, path, **body: client.open(
        path, method=method, headers=cast.alice.headers, json=body if method in {"POST", "PUT"} else None
    )
