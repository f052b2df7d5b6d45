"""Signed tokens for links in mails. The signature proves that we made the token; its row, that it is unused."""

from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from app.core.crypto import keyring
from app.errors import Invalid
from app.models.one_time_token import TokenPurpose


class InvalidToken(Invalid):
    """The token is forged, used, expired or meant for something else; the answer doesn't say which."""

    code = "invalid_token"
    detail = "This link is not valid any more. Ask for a new one."


def sign(token_id: UUID, purpose: TokenPurpose) -> str:
    """The token of a row: the same at every call, so that nothing but the row needs to be stored."""
    return _serializer(purpose).dumps(token_id.hex)


def read(token: str, purpose: TokenPurpose) -> UUID:
    """The row's id; raises `InvalidToken` when the signature or the purpose is wrong."""
    try:
        return UUID(hex=_serializer(purpose).loads(token))
    except (BadSignature, ValueError, TypeError, AttributeError):
        raise InvalidToken from None


def _serializer(purpose: TokenPurpose) -> URLSafeSerializer:
    # itsdangerous signs with the last key of a list and verifies with all: ours is newest first.
    newest_last = list(reversed(keyring().signing_keys))
    return URLSafeSerializer(newest_last, salt=f"frontdesk {purpose}", signer_kwargs={"digest_method": sha256})
