"""Mail: a port, the SMTP client behind it, and a folder for development."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 20


class MailError(Exception):
    """The mail was not taken. `permanent` says that trying again is no use."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Mailer(Protocol):
    """Something that takes mails."""

    def send(self, *, sender: str, recipient: str, subject: str, text: str, mail_id: str) -> None:
        """Hands one mail over; raises `MailError`. `mail_id` becomes the Message-ID, the same at every attempt."""


class SmtpMailer:
    """An SMTP server (RFC 5321), with TLS from the start (smtps) or STARTTLS when the server offers it."""

    def __init__(self, url: SplitResult) -> None:
        self._url = url
        self._tls_required = parse_qs(url.query).get("starttls") == ["required"]

    def send(self, *, sender: str, recipient: str, subject: str, text: str, mail_id: str) -> None:
        """See `Mailer`."""
        message = _message(sender, recipient, subject, text, mail_id)
        try:
            with self._connect() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise MailError(f"{code} {reason.decode(errors='replace')}", permanent=code >= 500) from None
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            raise MailError(f"{error.smtp_code} {said.decode(errors='replace')}", permanent=False) from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(f"{type(error).__name__}: {error}", permanent=False) from None

    def _connect(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "localhost", self._url.port
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self._url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_SECONDS)
        try:
            self._secure(server, context)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server

    def _secure(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if isinstance(server, smtplib.SMTP_SSL):
            return
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif self._tls_required:
            raise smtplib.SMTPNotSupportedError("the server does not offer STARTTLS")


class FolderMailer:
    """Development: every mail becomes a file, and the log says where."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, *, sender: str, recipient: str, subject: str, text: str, mail_id: str) -> None:
        """See `Mailer`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{mail_id}.eml"
        path.write_bytes(_message(sender, recipient, subject, text, mail_id).as_bytes())
        log.info("mail written to a file", extra={"file": str(path), "subject": subject})


def make_mailer(url: str, data_dir: Path) -> Mailer:
    """The mailer of `MAIL_URL`."""
    parts = urlsplit(url)
    if parts.scheme == "folder":
        return FolderMailer(Path(parts.path) if parts.path else data_dir / "mail")
    return SmtpMailer(parts)


def _message(sender: str, recipient: str, subject: str, text: str, mail_id: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{mail_id}@{sender.rpartition(chr(64))[2].rstrip(chr(62))}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
