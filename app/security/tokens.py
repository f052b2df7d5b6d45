"""JSON Web Tokens (RFC 7519), RS256: access and refresh tokens of users and of leads.

They are issued and read through flask-jwt-extended. Signatures that were verified are remembered for a minute, since
that is most of a small request's work; whether the session still lives is asked of Postgres at every call all the same.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from cachetools import TTLCache
from flask import Flask
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from app.core.ids import new_id
from app.core.settings import settings
from app.errors import Unauthenticated
from app.extensions import jwt
from app.security.signing_keys import keys

_AUDIENCE = "frontdesk"
# How long a verified signature is remembered.
_REMEMBER_SECONDS = 60


class TokenExpired(Unauthenticated):
    """The token was good and is too old now."""

    code = "token_expired"
    detail = "The token has expired. Refresh it or sign in again."


class TokenInvalid(Unauthenticated):
    """Not a token of ours, or not for this use."""

    code = "token_invalid"
    detail = "The token is not valid. Sign in again."


class TokenUse(StrEnum):
    """What a token is good for."""

    ACCESS = "access"
    REFRESH = "refresh"
    LEAD = "lead"
    LEAD_REFRESH = "lead_refresh"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `subject` is the user's or lead's id; `session_id` is a user's session."""

    use: TokenUse
    subject: UUID
    token_id: UUID
    session_id: UUID | None
    expires_at: float


_verified: TTLCache[bytes, Claims] = TTLCache(maxsize=10_000, ttl=_REMEMBER_SECONDS)


def issue_access(user_id: UUID, session_id: UUID, life: timedelta | None = None) -> str:
    """A user's access token."""
    life = life or timedelta(minutes=settings().access_token_minutes)
    token: str = create_access_token(str(user_id), expires_delta=life, **_extra(session_id=session_id))
    return token


def issue_refresh(user_id: UUID, session_id: UUID, refresh_id: UUID) -> str:
    """A user's refresh token; only the session's latest `refresh_id` works."""
    life = timedelta(days=settings().refresh_token_days)
    extra = _extra(session_id=session_id, token_id=refresh_id)
    token: str = create_refresh_token(str(user_id), expires_delta=life, **extra)
    return token


def issue_lead(lead_id: UUID) -> str:
    """A visitor's token: of another kind, so that it opens nothing of the team's."""
    life = timedelta(hours=settings().lead_token_hours)
    token: str = create_access_token(str(lead_id), expires_delta=life, **_extra(kind=TokenUse.LEAD))
    return token


def issue_lead_refresh(lead_id: UUID) -> str:
    """What a visitor's browser gets new tokens with; it opens nothing."""
    life = timedelta(days=settings().lead_refresh_days)
    token: str = create_refresh_token(str(lead_id), expires_delta=life, **_extra(kind=TokenUse.LEAD_REFRESH))
    return token


def read(token: str) -> Claims:
    """The claims of a token that we signed and that hasn't expired; raises `TokenExpired` or `TokenInvalid`."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
    claims = _verified.get(digest)
    if claims is None:
        claims = _claims(_decode(token))
        _verified[digest] = claims
    if claims.expires_at <= time.time():
        raise TokenExpired
    return claims


def forget_verified() -> None:
    """Verifies every signature anew."""
    _verified.clear()


def bind(app: Flask) -> None:
    """Configures flask-jwt-extended: RS256 alone, our issuer, keys by `kid`."""
    app.config.update(
        JWT_ALGORITHM="RS256",
        JWT_DECODE_ALGORITHMS=["RS256"],
        JWT_ENCODE_AUDIENCE=_AUDIENCE,
        JWT_DECODE_AUDIENCE=_AUDIENCE,
        JWT_ENCODE_ISSUER=_AUDIENCE,
        JWT_DECODE_ISSUER=_AUDIENCE,
        JWT_ENCODE_NBF=False,
        JWT_COOKIE_CSRF_PROTECT=False,  # we use no cookies
    )
    jwt.init_app(app)
    jwt.encode_key_loader(lambda _identity: keys.signing().private)
    jwt.decode_key_loader(lambda header, _payload: keys.verifying(header.get("kid")).public)


def _extra(*, session_id: UUID | None = None, token_id: UUID | None = None, kind: str = "user") -> dict[str, Any]:
    claims: dict[str, Any] = {"jti": str(token_id or new_id()), "kind": str(kind)}
    if session_id:
        claims["sid"] = str(session_id)
    return {"additional_claims": claims, "additional_headers": {"kid": keys.signing().kid}}


def _decode(token: str) -> dict[str, Any]:
    try:
        return decode_token(token)
    except ExpiredSignatureError:
        raise TokenExpired from None
    except (PyJWTError, JWTExtendedException, ValueError, TypeError):
        raise TokenInvalid from None


def _claims(payload: dict[str, Any]) -> Claims:
    try:
        kind = payload["kind"]
        lead = kind in {TokenUse.LEAD, TokenUse.LEAD_REFRESH}
        return Claims(
            use=TokenUse(kind if lead else payload["type"]),
            subject=UUID(payload["sub"]),
            token_id=UUID(payload["jti"]),
            session_id=None if lead else UUID(payload["sid"]),
            expires_at=float(payload["exp"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise TokenInvalid from None
