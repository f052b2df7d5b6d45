"""Switching a webhook off, and telling the company's admins."""

from urllib.parse import urlsplit

from app.models.audit_entry import RiskLevel
from app.models.mail import MailNotice
from app.models.webhook import Webhook, WebhookStatus
from app.repositories import users
from app.services import audit, mails
from app.services.audit import Event


def switch_off(webhook: Webhook, status: WebhookStatus) -> None:
    """Stops a webhook that its receiver is done with (`gone`) or that failed for a day (`switched_off`); writes the
    audit entry and a mail to each admin, in the running transaction."""
    before, webhook.status = webhook.status, status
    audit.record(
        Event.WEBHOOK_SWITCHED_OFF,
        "webhook",
        webhook.id,
        company_id=webhook.company_id,
        by=None,
        before={"status": before},
        after={"status": status, "failing_since": webhook.failing_since},
        risk=RiskLevel.MEDIUM,
    )
    notice = MailNotice.WEBHOOK_GONE if status is WebhookStatus.GONE else MailNotice.WEBHOOK_SWITCHED_OFF
    details = {"webhook_id": str(webhook.id), "host": host_of(webhook.url)}
    for address in users.find_admin_emails(company_id=webhook.company_id):
        mails.notify(notice, address, company_id=webhook.company_id, details=details)


def host_of(url: str) -> str:
    """The part of an address that may be written down: paths and queries of receivers are often secrets."""
    return urlsplit(url).hostname or ""
