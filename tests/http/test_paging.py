"""Lists come in pages."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core import paging
from tests.cast import Cast

PATH = "/v1/auth/api-keys"


@pytest.fixture
def keys(cast: Cast) -> int:
    """How many keys Alice has."""
    for _ in range(7):
        cast.key(cast.alice, "read")
    return 7


def _page(client: FlaskClient, cast: Cast, **query: object) -> dict[str, Any]:
    answer = client.get(PATH, query_string=query, headers=cast.alice.headers)
    assert answer.status_code == 200
    assert set(answer.json) == {"items", "pagination"}
    found: dict[str, Any] = answer.json
    return found


def test_begins_with_the_first_twenty(client: FlaskClient, cast: Cast, keys: int) -> None:
    page = _page(client, cast)
    assert page["pagination"] == {"page": 1, "per_page": 20, "total": keys, "pages": 1}
    assert len(page["items"]) == keys


@pytest.mark.parametrize(
    ("query", "items", "pages"),
    [
        ({"per_page": 3}, 3, 3),
        ({"per_page": 3, "page": 2}, 3, 3),
        ({"per_page": 3, "page": 3}, 1, 3),
        ({"per_page": 3, "page": 4}, 0, 3),
        ({"per_page": 7}, 7, 1),
        ({"per_page": 7, "page": 2}, 0, 1),
        ({"per_page": 1, "page": 7}, 1, 7),
        ({"per_page": 100}, 7, 1),
        ({"page": 100_000}, 0, 1),
        ({"page": 100_000, "per_page": 100}, 0, 1),
    ],
)
@pytest.mark.usefixtures("keys")
def test_counts_pages(client: FlaskClient, cast: Cast, query: dict[str, int], items: int, pages: int) -> None:
    page = _page(client, cast, **query)
    assert len(page["items"]) == items
    assert page["pagination"] == {"page": 1, "per_page": 20, **query, "total": 7, "pages": pages}


def test_an_empty_list_has_no_pages(client: FlaskClient, cast: Cast) -> None:
    assert _page(client, cast) == {"items": [], "pagination": {"page": 1, "per_page": 20, "total": 0, "pages": 0}}


# Far pages are looked up in another way.
@pytest.mark.parametrize("deep", [1_000, 1])
@pytest.mark.usefixtures("keys")
def test_every_row_is_on_one_page(client: FlaskClient, cast: Cast, deep: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "_DEEP", deep)
    pages = [_page(client, cast, per_page=2, page=number)["items"] for number in range(1, 5)]
    ids = [item["id"] for page in pages for item in page]
    assert len(ids) == len(set(ids)) == 7
    made = [item["created_at"] for page in pages for item in page]
    assert made == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", 0),
        ("page", -1),
        ("page", 100_001),
        ("page", 10**30),
        ("page", "two"),
        ("page", 1.5),
        ("page", ""),
        ("page", "1e1"),
        ("per_page", 0),
        ("per_page", -1),
        ("per_page", 101),
        ("per_page", "all"),
        ("per_page", "\x00"),
    ],
)
def test_refuses_numbers_out_of_bounds(client: FlaskClient, cast: Cast, name: str, value: object) -> None:
    answer = client.get(PATH, query_string={name: value}, headers=cast.alice.headers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == [name]


def test_ignores_parameters_that_it_does_not_know(client: FlaskClient, cast: Cast) -> None:
    """Trackers and caches add some."""
    assert _page(client, cast, utm_source="x", page=1)["pagination"]["page"] == 1
