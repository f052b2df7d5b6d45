"""The refusals that every analytics route has."""

from collections.abc import Mapping

from flask.testing import FlaskClient

from tests.cast import Cast


def check(client: FlaskClient, cast: Cast, path: str, **bad: str) -> None:
    """Anonymous callers, visitors, keys for something else, other companies; and each bad value of a query."""
    assert client.get(path).status_code == 401
    for headers in (cast.vera.headers, cast.key(cast.alice, "read", permissions={"leads": ["read"]})):
        assert client.get(path, headers=headers).status_code == 403
    assert client.get(f"{path}?company_id={cast.globex}", headers=cast.alice.headers).status_code == 404
    for name, value in bad.items():
        wrong(client.get(path, query_string={name: value}, headers=cast.alice.headers).json, name)


def wrong(problem: Mapping[str, object], field: str) -> None:
    """A problem that names the field."""
    assert problem["status"] == 422
    assert field in problem["errors"]  # type: ignore[operator]


PERIODS = {
    "start_date": "yesterday",
    "end_date": "2026-13-01",
    "timezone": "Mars/Olympus",
}
DAYS = {"days": "401", "timezone": "Mars/Olympus"}
