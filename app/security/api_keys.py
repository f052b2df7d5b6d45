"""The two halves of an API key."""

import secrets
from dataclasses import dataclass

KEY_PREFIX = "fdk_"
SECRET_PREFIX = "fds_"


@dataclass(frozen=True)
class NewApiKey:
    """A fresh credential in clear. The secret exists only here and in the answer that shows it once."""

    key: str
    secret: str


def generate() -> NewApiKey:
    """An identifier of 120 bits, which is no secret, and a secret of 256 bits."""
    return NewApiKey(
        key=KEY_PREFIX + secrets.token_hex(15),
        secret=SECRET_PREFIX + secrets.token_urlsafe(32),
    )
