"""Encryption at rest and keyed hashes, both with rotation: the first of `SECRET_KEYS` writes, all of them read."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class UndecryptableError(RuntimeError):
    """A stored secret was encrypted with a key that is no longer in `SECRET_KEYS`."""


class Keyring:
    """The secret keys of this installation, each used for one purpose only (derived by HKDF-like labels)."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = keys
        self._fernet = MultiFernet([Fernet(_derive_fernet_key(key)) for key in keys])
        self._hash_keys = [_derive(key, b"frontdesk keyed hash") for key in keys]
        self.signing_keys = [_derive(key, b"frontdesk signed links").hex() for key in keys]

    def encrypt(self, clear: str) -> str:
        """A token that only this installation can read."""
        return self._fernet.encrypt(clear.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The clear text; raises `UndecryptableError` when no key fits."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise UndecryptableError(
                "A stored secret can't be read: its key is missing from SECRET_KEYS. Put the old key back (last)."
            ) from None

    def reencrypt(self, token: str) -> str:
        """The same clear text under the newest key."""
        return self._fernet.rotate(token.encode()).decode()

    def keyed_hash(self, secret: str) -> str:
        """HMAC-SHA256 under the newest key, hexadecimal. For secrets of 128 bits or more, never for passwords."""
        return _hmac(self._hash_keys[0], secret)

    def matches_hash(self, secret: str, stored: str) -> bool:
        """Whether `stored` is a keyed hash of `secret` under any key. Takes the same time wherever they differ."""
        results = [hmac.compare_digest(_hmac(key, secret), stored) for key in self._hash_keys]
        return any(results)


_keyring: Keyring | None = None


def configure(keys: tuple[str, ...]) -> None:
    """Called once by `create_app`."""
    global _keyring  # noqa: PLW0603 - one keyring a process, set at start
    _keyring = Keyring(keys)


def keyring() -> Keyring:
    """The keyring of this process."""
    if _keyring is None:
        raise RuntimeError("crypto.configure() has not been called")
    return _keyring


def _derive(key: str, label: bytes) -> bytes:
    return hmac.new(key.encode(), label, hashlib.sha256).digest()


def _derive_fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(_derive(key, b"frontdesk encryption at rest"))


def _hmac(key: bytes, secret: str) -> str:
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
