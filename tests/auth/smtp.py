"""A mail server that speaks the protocol, on this machine."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Received(MessageHandler):
    """Keeps what arrives, or answers as told: `replies` maps a command to a status line."""

    def __init__(self, replies: dict[str, str]) -> None:
        super().__init__(EmailMessage)
        self.replies = replies
        self.messages: list[Message] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Takes or refuses a recipient."""
        if "RCPT" in self.replies:
            return self.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Takes or refuses a message."""
        if "DATA" in self.replies:
            return self.replies["DATA"]
        status: str = await super().handle_DATA(server, session, envelope)
        return status

    def handle_message(self, message: Message) -> None:
        """Keeps a message that was taken."""
        self.messages.append(message)


class _OnAFreePort(Controller):
    def _create_server(self) -> Any:
        # aiosmtpd takes no port 0: it would try to connect to just that.
        listening = socket.create_server((self.hostname, 0))
        self.port = listening.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=listening, ssl=self.ssl_context)


@contextmanager
def smtp_server(replies: dict[str, str] | None = None, **options: Any) -> Iterator[tuple[str, Received]]:
    """A server on a free port: its host and port, and what it received."""
    handler = Received(replies or {})
    controller = _OnAFreePort(handler, hostname="127.0.0.1", **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}", handler
    finally:
        controller.stop()


def only_bob(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
    """Lets the user `bob` with the password `s@cret` in."""
    return AuthResult(success=(login.login, login.password) == (b"bob", b"s@cret"), handled=False)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for 127.0.0.1, and the file of the certificate for those who want to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, chain
