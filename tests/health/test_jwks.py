"""GET /.well-known/jwks.json."""

import jwt
from flask.testing import FlaskClient

from tests.cast import Cast

PATH = "/.well-known/jwks.json"


def test_verifies_our_tokens(client: FlaskClient, cast: Cast) -> None:
    keys = jwt.PyJWKSet.from_dict(client.get(PATH).json)
    for token in (cast.alice.token, cast.vera.token):
        kid = jwt.get_unverified_header(token)["kid"]
        claims = jwt.decode(token, keys[kid], algorithms=["RS256"], audience="frontdesk", issuer="frontdesk")
        assert claims["sub"] in {str(cast.alice.id), str(cast.vera.id)}


def test_shows_public_halves_only(client: FlaskClient) -> None:
    answer = client.get(PATH)
    assert answer.status_code == 200
    for key in answer.json["keys"]:
        assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
        assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")


def test_may_be_kept_for_a_while(client: FlaskClient) -> None:
    answer = client.get(PATH)
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
