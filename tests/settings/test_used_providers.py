"""GET /v1/settings/providers."""

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.settings.conftest import KEY, Arrange, Shelf, Stock

PATH = "/v1/settings/providers"


def test_lists_providers_with_what_uses_them(
    client: FlaskClient, cast: Cast, stock: Stock, add_settings: Arrange
) -> None:
    used, unused = stock(cast.acme, name="A"), stock(cast.acme, name="B")
    add_settings(used)
    add_settings(used, embedding_api_key=KEY)
    add_settings(used, embedding_provider_id=unused.provider, embedding_model_id=unused.embedding)
    stock(cast.globex)
    answer = client.get(PATH, headers=cast.key(cast.bob, "read"))
    assert answer.status_code == 200
    assert KEY not in answer.text
    told = [
        (item["name"], item["settings_count"], item["has_key"], [each["settings_count"] for each in item["models"]])
        for item in answer.json["items"]
    ]
    assert told == [("A", 3, True, [3, 2]), ("B", 1, False, [0, 1])]
    assert [model["type"] for model in answer.json["items"][0]["models"]] == ["chat", "embedding"]


def test_gives_pages(client: FlaskClient, cast: Cast, shelf: Shelf, stock: Stock) -> None:
    stock(cast.acme, name="Zeta")
    answer = client.get(f"{PATH}?per_page=1&page=2", headers=cast.bob.headers)
    assert [item["name"] for item in answer.json["items"]] == ["Zeta"]
    assert answer.json["pagination"]["total"] == 2
    assert client.get(f"{PATH}?page=0", headers=cast.bob.headers).status_code == 422


def test_is_empty_at_first(client: FlaskClient, cast: Cast) -> None:
    assert client.get(PATH, headers=cast.bob.headers).json["items"] == []
