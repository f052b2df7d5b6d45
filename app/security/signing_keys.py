"""The RSA keys that sign tokens: made when the installation is prepared, shared by all processes through Postgres,
rotated by `flask keys rotate`."""

import base64
import time
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.core.clock import now
from app.core.offload import offload
from app.core.settings import settings
from app.core.transaction import transaction
from app.errors import Unauthenticated, Unavailable
from app.models.signing_key import SigningKey
from app.repositories import signing_keys

_BITS = 2048


@dataclass(frozen=True)
class KeyPair:
    """A key pair as objects: parsing the PEM at every call would cost three times the verification itself."""

    kid: str
    private: rsa.RSAPrivateKey
    retired: bool

    @property
    def public(self) -> rsa.RSAPublicKey:
        """The half that verifies."""
        return self.private.public_key()

    def jwk(self) -> dict[str, str]:
        """The public half as RFC 7517 has it."""
        numbers = self.public.public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _base64url(numbers.n),
            "e": _base64url(numbers.e),
        }


class KeySet:
    """The keys as this process knows them; read again for an unknown `kid`, and now and then to notice a rotation."""

    _REREAD_SECONDS = 60.0
    _UNKNOWN_SECONDS = 2.0  # forged kids must not make us read the table at every call

    def __init__(self) -> None:
        self._pairs: dict[str, KeyPair] = {}
        self._read_at = float("-inf")

    def signing(self) -> KeyPair:
        """The pair that signs now; raises `Unavailable` before the installation has one."""
        self._refresh(self._REREAD_SECONDS)
        return next(pair for pair in self._pairs.values() if not pair.retired)

    def verifying(self, kid: object) -> KeyPair:
        """The pair of this `kid`; raises `Unauthenticated` when there is none."""
        if kid not in self._pairs:
            self._refresh(self._UNKNOWN_SECONDS)
        pair = self._pairs.get(kid) if isinstance(kid, str) else None
        if pair is None:
            raise Unauthenticated("This token was signed with a key that we don't know. Sign in again.")
        return pair

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """All public keys, for `/.well-known/jwks.json`."""
        self._refresh(self._REREAD_SECONDS)
        return {"keys": [pair.jwk() for pair in self._pairs.values()]}

    def forget(self) -> None:
        """Reads the table again at the next use."""
        self._read_at = float("-inf")

    def _refresh(self, max_age: float) -> None:
        if time.monotonic() - self._read_at < max_age and self._pairs:
            return
        with transaction():
            rows = signing_keys.find_all()
            if not any(row.retired_at is None for row in rows):
                raise Unavailable("There is no signing key yet: run `flask --app app prepare` first.")
            loaded = {pair.kid: pair for pair in self._pairs.values()}
            self._pairs = {str(row.id): _load(row, loaded.get(str(row.id))) for row in rows}
        self._read_at = time.monotonic()


def make_key() -> SigningKey:
    """A new key pair, not stored yet."""
    private = offload(_generate)
    return SigningKey(
        private_pem=private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        public_pem=private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


def ensure() -> None:
    """Makes the first key of the installation; at later starts it does nothing."""
    with transaction():
        signing_keys.lock()
        if not any(row.retired_at is None for row in signing_keys.find_all()):
            signing_keys.add(make_key())
    keys.forget()


def rotate() -> str:
    """Signs with a new key from now on; tokens of the old ones hold until they expire. Returns the new `kid`."""
    with transaction():
        signing_keys.lock()
        signing_keys.retire_all(now())
        # Nothing that an old key signed lives longer than a refresh token.
        longest = max(settings().refresh_token_days, settings().lead_refresh_days)
        signing_keys.delete_retired_before(now() - timedelta(days=longest + 1))
        key = make_key()
        signing_keys.add(key)
        keys.forget()
        return str(key.id)


def _generate() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


def _load(row: SigningKey, known: KeyPair | None) -> KeyPair:
    private = known.private if known else serialization.load_pem_private_key(row.private_pem.encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("signing key is not RSA")
    return KeyPair(str(row.id), private, row.retired_at is not None)


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


keys = KeySet()
