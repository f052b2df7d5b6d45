"""Mailers: the SMTP client against a server that speaks the protocol, and the folder beside it."""

import email
from email import policy
from pathlib import Path

import pytest

from app.integrations.mail import Mailer, MailError, make_mailer
from tests.auth.smtp import certificate, only_bob, smtp_server


def send(mailer: Mailer, *, recipient: str = "bob@acme.example", text: str = "Hello Bob") -> None:
    """Sends a mail."""
    mailer.send(
        sender="Frontdesk <no-reply@frontdesk.example>", recipient=recipient, subject="Hëllo", text=text, mail_id="42"
    )


def refusal(mailer: Mailer) -> MailError:
    """Why sending fails."""
    with pytest.raises(MailError) as caught:
        send(mailer)
    return caught.value


def test_delivers_a_mail(tmp_path: Path) -> None:
    with smtp_server() as (address, received):
        send(make_mailer(f"smtp://{address}", tmp_path))
    (message,) = received.messages
    assert (message["To"], message["Message-ID"]) == ("bob@acme.example", "<42@frontdesk.example>")
    assert message["X-MailFrom"] == "no-reply@frontdesk.example"
    assert message["Auto-Submitted"] == "auto-generated"


def test_writes_a_file_instead_of_delivering(tmp_path: Path) -> None:
    send(make_mailer("folder:", tmp_path), text="Grüße, Bob")
    message = email.message_from_bytes((tmp_path / "mail" / "42.eml").read_bytes(), policy=policy.default)
    assert (message["To"], message["Subject"]) == ("bob@acme.example", "Hëllo")
    assert message.get_content() == "Grüße, Bob\n"


def test_writes_to_the_folder_that_the_url_names(tmp_path: Path) -> None:
    send(make_mailer(f"folder:{tmp_path}/elsewhere", tmp_path))
    assert (tmp_path / "elsewhere" / "42.eml").exists()


@pytest.mark.parametrize(
    ("reply", "permanent"),
    [("550 no such user", True), ("551 moved", True), ("451 try later", False), ("450 mailbox busy", False)],
)
def test_tells_a_lasting_refusal_of_the_recipient_from_a_passing_one(
    tmp_path: Path, reply: str, permanent: bool
) -> None:
    with smtp_server({"RCPT": reply}) as (address, received):
        error = refusal(make_mailer(f"smtp://{address}", tmp_path))
    assert (str(error), error.permanent) == (reply, permanent)
    assert received.messages == []


def test_tries_again_when_the_message_is_refused(tmp_path: Path) -> None:
    with smtp_server({"DATA": "554 looks like spam"}) as (address, _):
        error = refusal(make_mailer(f"smtp://{address}", tmp_path))
    assert (str(error), error.permanent) == ("554 looks like spam", False)


def test_tries_again_when_nobody_answers(tmp_path: Path) -> None:
    with smtp_server() as (address, _):
        pass  # gone again
    error = refusal(make_mailer(f"smtp://{address}", tmp_path))
    assert (error.permanent, "ConnectionRefused" in str(error)) == (False, True)


def test_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(tls_context=context, authenticator=only_bob, auth_required=True) as (address, received):
        send(make_mailer(f"smtp://bob:s%40cret@{address}", tmp_path))
        wrong = refusal(make_mailer(f"smtp://bob:wrong@{address}", tmp_path))
    assert len(received.messages) == 1
    assert (str(wrong).partition(" ")[0], wrong.permanent) == ("535", False)


def test_encrypts_when_the_server_offers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(tls_context=context, require_starttls=True) as (address, received):
        send(make_mailer(f"smtp://{address}?starttls=required", tmp_path))
    assert len(received.messages) == 1


def test_encrypts_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(ssl_context=context, server_hostname="localhost") as (address, received):
        send(make_mailer(f"smtps://{address}", tmp_path))
    assert len(received.messages) == 1


def test_trusts_no_unknown_certificate(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with smtp_server(tls_context=context) as (address, received):
        error = refusal(make_mailer(f"smtp://{address}", tmp_path))
    assert (received.messages, error.permanent) == ([], False)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)


def test_sends_nothing_in_clear_when_encryption_is_required(tmp_path: Path) -> None:
    with smtp_server() as (address, received):
        error = refusal(make_mailer(f"smtp://{address}?starttls=required", tmp_path))
    assert (received.messages, error.permanent) == ([], False)
    assert "STARTTLS" in str(error)


def test_takes_no_header_from_a_recipient(tmp_path: Path) -> None:
    with smtp_server() as (address, received), pytest.raises(ValueError, match="linefeed"):
        send(make_mailer(f"smtp://{address}", tmp_path), recipient="bob@acme.example\r\nBcc: eve@evil.example")
    assert received.messages == []
