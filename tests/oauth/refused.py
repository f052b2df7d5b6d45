"""The refusals that every analytics route of the API has."""

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.dashboard import refusals


def check(client: FlaskClient, cast: Cast, path: str, **bad: str) -> None:
    """Those of all analytics; members, and keys that may not administer."""
    refusals.check(client, cast, path, **bad)
    for headers in (cast.bob.headers, cast.sam.headers, cast.key(cast.alice, "write"), cast.key(cast.bob, "admin")):
        assert client.get(path, headers=headers).status_code == 403
