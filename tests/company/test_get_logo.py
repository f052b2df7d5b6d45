"""GET /v1/company/<company_id>/logo/<name>."""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.company.pictures import form, picture


@pytest.fixture
def path(client: FlaskClient, database: Session) -> str:
    """The path of an uploaded logo."""
    return urlsplit(client.post("/v1/company", data=form(picture())).json["logo"]).path


def test_shows_the_picture_to_anybody(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert answer.data.startswith(b"\x89PNG")


def test_lets_nobody_take_it_for_a_page(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_lets_other_sites_show_it_and_browsers_keep_it(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_hides_it_behind_another_company(client: FlaskClient, path: str) -> None:
    assert client.get(f"/v1/company/{uuid4()}/logo/{path.rpartition('/')[2]}").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2f..%2f..%2fetc%2fpasswd", "../../../../etc/passwd", "%2fetc%2fpasswd", "..%5c..%5clogo.png"]
    + [".png", "logo", "logo.svg", "logo.png.png", "logo.png%00.html", "%00.png", "a%2f..%2flogo.png", "é.png"]
    + ["a" * 256 + ".png", "0" * 32 + ".png", "0" * 32 + ".PNG"],
)
def test_answers_404_for_any_other_name(client: FlaskClient, path: str, name: str) -> None:
    answer = client.get(path.rpartition("/")[0] + "/" + name)
    assert (answer.status_code, answer.json["code"]) == (404, "resource_not_found")


def test_answers_404_when_the_company_is_no_id(client: FlaskClient, path: str) -> None:
    name = path.rpartition("/")[2]
    assert client.get(f"/v1/company/..%2f..%2flogos/logo/{name}").status_code == 404
