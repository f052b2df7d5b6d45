"""Sending of mails."""

from uuid import UUID

from app.extensions import celery
from app.jobs import JobName
from app.services import mail_delivery


@celery.task(name=JobName.SEND_MAIL.value)
def send_mail(mail_id: str) -> None:
    """Sends one mail, unless somebody else does."""
    mail_delivery.deliver(UUID(mail_id))


@celery.task(name=JobName.SWEEP_MAILS.value)
def sweep_mails() -> None:
    """Finds mails whose job was lost or whose worker died."""
    mail_delivery.requeue_due()
