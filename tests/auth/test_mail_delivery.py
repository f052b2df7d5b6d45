"""How a mail leaves: claimed, sent, tried again, given up, found by the sweep."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session

from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.extensions import celery, redis_extension
from app.models.mail import Mail, MailStatus
from app.repositories import mails as rows
from app.services import mail_delivery
from app.tasks import mail as tasks
from tests.auth.smtp import smtp_server
from tests.cast import Cast
from tests.rows import all_of, change, now_in

WithSettings = Callable[..., None]


@pytest.fixture
def mail_id(client: FlaskClient, database: Session, cast: Cast) -> UUID:
    """A mail to Bob that waits to be sent."""
    client.post("/v1/auth/forgot-password", json={"email": cast.bob.email})
    (mail,) = all_of(database, Mail)
    return mail.id


@pytest.fixture
def deliver(app: Flask) -> Callable[[UUID], None]:
    """Does what a worker does when it is woken for a mail."""

    def work(mail_id: UUID) -> None:
        with app.app_context():
            mail_delivery.deliver(mail_id)

    return work


def waiting_jobs() -> int:
    """How many messages wait for a worker."""
    return redis_extension.client.llen("frontdesk:default")


def seconds_until(moment: datetime) -> float:
    """How far away a moment is."""
    return (moment - datetime.now(UTC)).total_seconds()


def test_sends_a_mail(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    with smtp_server() as (address, received):
        with_settings(mail_url=f"smtp://{address}")
        deliver(mail_id)
    (message,) = received.messages
    assert (message["To"], message["Message-ID"]) == ("bob@acme.example", f"<{mail_id}@frontdesk.example>")
    mail = now_in(database, Mail, mail_id)
    assert (mail.status, mail.attempts, mail.error) == ("sent", 1, None)
    assert mail.sent_at is not None


def test_sends_a_mail_once_however_often_the_job_comes(
    mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    with smtp_server() as (address, received):
        with_settings(mail_url=f"smtp://{address}")
        for _ in range(3):
            deliver(mail_id)
    assert len(received.messages) == 1


def test_sends_a_mail_once_when_two_workers_take_it(
    mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    with smtp_server() as (address, received), ThreadPoolExecutor(2) as pool:
        with_settings(mail_url=f"smtp://{address}")
        list(pool.map(deliver, [mail_id] * 2))
    assert len(received.messages) == 1


def test_gives_up_at_once_when_the_recipient_does_not_exist(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    with smtp_server({"RCPT": "550 no such user"}) as (address, _):
        with_settings(mail_url=f"smtp://{address}")
        deliver(mail_id)
    mail = now_in(database, Mail, mail_id)
    assert (mail.status, mail.attempts, mail.error) == ("failed", 1, "550 no such user")
    assert mail.sent_at is None


@pytest.mark.parametrize(("attempts", "pause"), [(0, 15), (1, 30), (3, 120), (6, 960)])
def test_waits_longer_after_every_failure(
    database: Session,
    mail_id: UUID,
    deliver: Callable[[UUID], None],
    with_settings: WithSettings,
    attempts: int,
    pause: int,
) -> None:
    change(database, Mail, mail_id, attempts=attempts)
    with smtp_server({"RCPT": "451 try later"}) as (address, _):
        with_settings(mail_url=f"smtp://{address}")
        deliver(mail_id)
    mail = now_in(database, Mail, mail_id)
    assert (mail.status, mail.attempts, mail.error) == ("queued", attempts + 1, "451 try later")
    assert pause - 5 < seconds_until(mail.next_attempt_at) <= pause


def test_waits_an_hour_at_most(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    change(database, Mail, mail_id, attempts=40)
    with smtp_server({"RCPT": "451 try later"}) as (address, _):
        with_settings(mail_url=f"smtp://{address}", mail_attempts=100)
        deliver(mail_id)
    assert 3595 < seconds_until(now_in(database, Mail, mail_id).next_attempt_at) <= 3600


def test_gives_up_after_the_last_attempt(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    change(database, Mail, mail_id, attempts=7)
    with smtp_server({"DATA": "452 full"}) as (address, _):
        with_settings(mail_url=f"smtp://{address}")
        deliver(mail_id)
    assert now_in(database, Mail, mail_id).status == "failed"


def test_queues_a_mail_again_when_the_server_is_away(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    with smtp_server() as (address, _):
        pass  # gone again
    with_settings(mail_url=f"smtp://{address}")
    deliver(mail_id)
    mail = now_in(database, Mail, mail_id)
    assert mail.status == "queued"
    assert "ConnectionRefusedError" in (mail.error or "")


def test_sends_the_mail_when_the_server_is_back(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None], with_settings: WithSettings
) -> None:
    change(database, Mail, mail_id, attempts=3, error="451 try later")
    with smtp_server() as (address, received):
        with_settings(mail_url=f"smtp://{address}")
        deliver(mail_id)
    mail = now_in(database, Mail, mail_id)
    assert (len(received.messages), mail.status, mail.error) == (1, "sent", None)


def test_leaves_a_mail_alone_that_is_not_due(database: Session, mail_id: UUID, deliver: Callable[[UUID], None]) -> None:
    change(database, Mail, mail_id, next_attempt_at=datetime.now(UTC) + timedelta(seconds=5))
    deliver(mail_id)
    assert now_in(database, Mail, mail_id).attempts == 0


def test_does_nothing_for_a_mail_that_does_not_exist(deliver: Callable[[UUID], None], cast: Cast) -> None:
    deliver(uuid4())


def test_leaves_a_mail_alone_that_another_worker_is_sending(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None]
) -> None:
    lease = datetime.now(UTC) + timedelta(seconds=60)
    change(database, Mail, mail_id, status="sending", attempts=1, next_attempt_at=lease)
    deliver(mail_id)
    assert now_in(database, Mail, mail_id).attempts == 1


def test_takes_a_mail_over_when_its_worker_has_died(
    database: Session, mail_id: UUID, deliver: Callable[[UUID], None]
) -> None:
    lease = datetime.now(UTC) - timedelta(seconds=1)
    change(database, Mail, mail_id, status="sending", attempts=1, next_attempt_at=lease)
    deliver(mail_id)
    mail = now_in(database, Mail, mail_id)
    assert (mail.status, mail.attempts) == ("sent", 2)


def test_does_not_let_a_late_worker_overwrite_its_successor(app: Flask, database: Session, mail_id: UUID) -> None:
    change(database, Mail, mail_id, status="sending", attempts=2)
    with app.app_context(), transaction(), across_companies("as a worker does"):
        at = datetime.now(UTC)
        late = rows.finish_across_companies(
            mail_id, attempt=1, status=MailStatus.FAILED, error="too slow", next_attempt_at=at
        )
    assert (late, now_in(database, Mail, mail_id).status) == (False, "sending")


def test_wakes_a_worker_when_a_mail_is_written(mail_id: UUID) -> None:
    assert waiting_jobs() == 1


@pytest.mark.parametrize(
    ("status", "due", "woken"),
    [("queued", -1, 1), ("sending", -1, 1), ("queued", 60, 0), ("sending", 60, 0), ("sent", -1, 0), ("failed", -1, 0)],
)
def test_sweeps_up_what_should_have_left(
    app: Flask, database: Session, mail_id: UUID, status: str, due: int, woken: int
) -> None:
    redis_extension.client.flushdb()  # the job is lost
    change(database, Mail, mail_id, status=status, next_attempt_at=datetime.now(UTC) + timedelta(seconds=due))
    with app.app_context():
        assert mail_delivery.requeue_due() == woken
    assert waiting_jobs() == woken


def test_runs_as_a_task(app: Flask, database: Session, mail_id: UUID) -> None:
    redis_extension.client.flushdb()
    tasks.sweep_mails()
    assert waiting_jobs() == 1
    tasks.send_mail(mail_id=str(mail_id))
    assert now_in(database, Mail, mail_id).status == "sent"


def test_keeps_the_mail_when_the_queue_is_away(
    app: Flask, client: FlaskClient, database: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OperationalError("the broker is away")

    monkeypatch.setattr(celery, "send_task", refuse)
    assert client.post("/v1/send", json={"email": cast.bob.email}).status_code == 202
    (mail,) = all_of(database, Mail)
    assert mail.status == "queued"
