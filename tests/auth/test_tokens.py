"""Tokens that we did not issue, or not for this: everywhere, shown at GET /v1/auth/validate."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.company import Company
from app.models.lead import Lead
from app.models.user import User
from app.models.user_session import UserSession
from app.security import signing_keys
from tests.cast import Cast
from tests.rows import change

PATH = "/v1/auth/validate"
Claims = dict[str, Any]


def claims_of(token: str) -> Claims:
    """What a token says, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


def sign(token: str, key: Any = None, *, kid: object = None, algorithm: str = "RS256", **changes: Any) -> str:
    """The token with other claims (None takes one away), signed by us unless by another key."""
    pair = signing_keys.keys.signing()
    claims = {name: value for name, value in {**claims_of(token), **changes}.items() if value is not None}
    return jwt.encode(
        claims, key or pair.private, algorithm=algorithm, headers={"kid": pair.kid if kid is None else kid}
    )


def part(value: Claims) -> str:
    """One of a token's three parts."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(token: str, algorithm: str = "none") -> str:
    """The token without a signature."""
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': signing_keys.keys.signing().kid})}.{part(claims_of(token))}."


def signed_with_the_public_key(token: str) -> str:
    """HS256 with our public key as the secret: everybody has it."""
    pair = signing_keys.keys.signing()
    pem = pair.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    content = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': pair.kid})}.{part(claims_of(token))}"
    digest = hmac.new(pem, content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def tampered(token: str) -> str:
    """Another subject under the same signature."""
    head, _, signature = token.split(".")
    return f"{head}.{part({**claims_of(token), 'sub': str(uuid4())})}.{signature}"


def by_another_key(token: str) -> str:
    """A good token, had we made the key."""
    return sign(token, rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def status(app: Flask, client: FlaskClient, cast: Cast) -> Callable[..., tuple[int, str]]:
    """Presents a forgery of Alice's token: `status(tampered)` answers the status and code."""

    def present(forge: Callable[[str], str]) -> tuple[int, str]:
        with app.app_context():
            token = forge(cast.alice.token)
        answer = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json.get("code", "")

    return present


FORGERIES: dict[str, Callable[[str], str]] = {
    "no signature": unsigned,
    "no signature, capitals": partial(unsigned, algorithm="NONE"),
    "no signature, RS256": partial(unsigned, algorithm="RS256"),
    "HS256 with the public key": signed_with_the_public_key,
    "tampered": tampered,
    "another key under our kid": by_another_key,
    "another audience": partial(sign, aud="another"),
    "no audience": partial(sign, aud=None),
    "another issuer": partial(sign, iss="another"),
    "no issuer": partial(sign, iss=None),
    "no end": partial(sign, exp=None),
    "no subject": partial(sign, sub=None),
    "no id": partial(sign, jti=None),
    "no session": partial(sign, sid=None),
    "no kind": partial(sign, kind=None),
    "unknown type": partial(sign, type="other"),
    "a session that is no id": partial(sign, sid="7"),
    "PS256": partial(sign, algorithm="PS256"),
    "two parts": lambda token: token.rpartition(".")[0],
    "garbage": lambda token: "garbage",
    "dots": lambda token: "..",
    "not ASCII": lambda token: token + "é",
    "a kid that is a list": lambda token: f"{part({'alg': 'RS256', 'kid': [1]})}.{token.partition('.')[2]}",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_refuses_a_forged_token(status: Callable[..., tuple[int, str]], forge: Callable[[str], str]) -> None:
    assert status(forge) == (401, "token_invalid")


@pytest.mark.parametrize("kid", ["", "unknown", "0198c0de-7a3b-7c11-8a55-3f2b6d4e9a01", "../../dev/null"])
def test_refuses_a_key_that_we_do_not_know(status: Callable[..., tuple[int, str]], kid: str) -> None:
    assert status(partial(sign, kid=kid)) == (401, "authentication_failed")


def test_takes_a_token_signed_by_us(status: Callable[..., tuple[int, str]]) -> None:
    assert status(sign) == (200, "")  # so that the refusals above are about the forgery


def test_refuses_an_expired_token(status: Callable[..., tuple[int, str]]) -> None:
    assert status(partial(sign, exp=int(time.time()) - 1)) == (401, "token_expired")


def test_notices_the_end_of_a_token_that_it_verified_before(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get(PATH, headers=cast.alice.headers).status_code == 200
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    answer = client.get(PATH, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (401, "token_expired")


def test_refuses_somebody_elses_session(status: Callable[..., tuple[int, str]], cast: Cast) -> None:
    assert status(partial(sign, sid=str(cast.bob.session_id))) == (401, "session_ended")
    assert status(partial(sign, sid=str(uuid4()))) == (401, "session_ended")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "bearer", "Token x"])
def test_refuses_a_header_without_a_token(client: FlaskClient, cast: Cast, header: str) -> None:
    answer = client.get(PATH, headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "authentication_failed")


def test_takes_the_scheme_in_any_case(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers={"Authorization": f"bearer  {cast.bob.token}"}).status_code == 200


def test_refuses_two_credentials_at_once(client: FlaskClient, cast: Cast) -> None:
    key = cast.key(cast.alice, "admin")
    both = client.get("/v1/company", headers={**key, **cast.alice.headers})
    assert both.status_code == 401
    assert "not both" in both.json["detail"]


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_refuses_a_session_that_is_over(client: FlaskClient, database: Session, cast: Cast, column: str) -> None:
    change(database, UserSession, cast.bob.session_id, **{column: datetime.now(UTC) - timedelta(seconds=1)})
    answer = client.get(PATH, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (401, "session_ended")


@pytest.mark.parametrize("status", ["suspended", "inactive", "pending"])
def test_turns_a_user_away_at_once_when_suspended(
    client: FlaskClient, database: Session, cast: Cast, status: str
) -> None:
    assert client.get(PATH, headers=cast.bob.headers).status_code == 200
    change(database, User, cast.bob.id, status=status)
    answer = client.get(PATH, headers=cast.bob.headers)
    assert (answer.status_code, answer.json["code"]) == (401, "user_not_active")


def test_turns_a_user_away_at_once_when_deleted(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.bob.id, deleted_at=datetime.now(UTC))
    assert client.get(PATH, headers=cast.bob.headers).json["code"] == "session_ended"


def test_knows_the_role_of_today(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, User, cast.alice.id, role="member")
    assert client.get(PATH, headers=cast.alice.headers).json["scopes"] == ["read", "write"]


@pytest.mark.parametrize("values", [{"status": "suspended"}, {"deleted_at": datetime.now(UTC)}])
def test_turns_everybody_of_a_company_away_at_once(
    client: FlaskClient, database: Session, cast: Cast, values: Claims
) -> None:
    change(database, Company, cast.acme, **values)
    for person in (cast.alice, cast.bob, cast.vera):
        answer = client.get("/v1/company", headers=person.headers)
        assert (answer.status_code, answer.json["code"]) == (403, "tenant_suspended")
    assert client.get(PATH, headers=cast.charlie.headers).status_code == 200


def test_turns_a_deleted_lead_away(client: FlaskClient, database: Session, cast: Cast) -> None:
    change(database, Lead, cast.vera.id, deleted_at=datetime.now(UTC))
    assert client.get(PATH, headers=cast.vera.headers).json["code"] == "session_ended"


def test_makes_no_user_of_a_lead(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        token = sign(cast.alice.token, kind="lead")
    assert client.get(PATH, headers={"Authorization": f"Bearer {token}"}).json["code"] == "session_ended"


def test_takes_tokens_of_an_earlier_key_until_they_expire(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        rotated = signing_keys.rotate()
    old = jwt.get_unverified_header(cast.bob.token)["kid"]
    assert old != rotated
    assert client.get(PATH, headers=cast.bob.headers).status_code == 200
    assert {key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]} >= {old, rotated}
