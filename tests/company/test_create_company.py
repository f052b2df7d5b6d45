"""POST /v1/company."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import encode_multipart

from app.config import Settings
from app.models.company import Company
from app.models.one_time_token import OneTimeToken
from tests.cast import Cast
from tests.company.pictures import form, picture
from tests.rows import all_of, audited, count, now_in

PATH = "/v1/company"
NEW = {"name": "New", "email": "hello@new.example"}


def test_signs_a_company_up(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, json=NEW | {"phone": "+34 911 234 567", "logo": "https://new.example/logo.png"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/company/{answer.json['id']}"
    company = now_in(database, Company, UUID(answer.json["id"]))
    assert (company.name, company.email, company.phone) == ("New", "hello@new.example", "+34911234567")
    assert (company.logo, company.status) == ("https://new.example/logo.png", "active")
    assert audited(database, "company_created").company_id == company.id


def test_shows_a_setup_token_that_the_database_does_not_hold(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, json=NEW)
    (token,) = all_of(database, OneTimeToken)
    assert (token.purpose, str(token.company_id), token.used_at) == ("company_setup", answer.json["id"], None)
    assert all(answer.json["setup_token"] not in str(value) for value in vars(token).values())


def test_needs_no_more_than_name_and_email(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, json=NEW)
    assert [answer.json[name] for name in ("phone", "logo", "address_id", "deleted_at")] == [None] * 4


def test_takes_a_form_without_a_picture(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, data=NEW, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["logo"]) == (201, None)


@pytest.mark.parametrize(("kind", "content_type"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_takes_a_picture_as_logo(client: FlaskClient, database: Session, kind: str, content_type: str) -> None:
    answer = client.post(PATH, data=form(picture(kind)))
    assert answer.status_code == 201
    assert answer.json["logo"].startswith(f"https://frontdesk.test/v1/company/{answer.json['id']}/logo/")
    served = client.get(urlsplit(answer.json["logo"]).path)
    assert (served.status_code, served.content_type) == (200, f"image/{content_type}")
    assert Image.open(io.BytesIO(served.data)).size == (8, 8)


def test_tells_the_type_from_the_content(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, data=form(picture("GIF"), filename="logo.png.html"))
    assert answer.json["logo"].endswith(".gif")


@pytest.mark.parametrize(
    "content",
    [
        picture("JPEG", comment=b"<script>alert(1)</script>"),
        picture("GIF", comment=b"<script>alert(1)</script>"),
        picture("PNG") + b"<script>alert(1)</script>",
        picture("JPEG", exif=b"Exif\x00\x00<script>alert(1)</script>"),
    ],
    ids=["JPEG comment", "GIF comment", "behind the picture", "Exif"],
)
def test_drops_what_is_no_picture(client: FlaskClient, database: Session, content: bytes) -> None:
    answer = client.post(PATH, data=form(content))
    assert answer.status_code == 201
    assert b"script" not in client.get(urlsplit(answer.json["logo"]).path).data


def test_keeps_transparency(client: FlaskClient, database: Session) -> None:
    out = io.BytesIO()
    Image.new("P", (8, 8), 0).save(out, "GIF", transparency=0)
    answer = client.post(PATH, data=form(out.getvalue()))
    served = Image.open(io.BytesIO(client.get(urlsplit(answer.json["logo"]).path).data))
    assert served.convert("RGBA").getpixel((0, 0))[3] == 0


def test_takes_the_picture_of_a_phone_with_several_in_one_file(client: FlaskClient, database: Session) -> None:
    content = picture("MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))])
    answer = client.post(PATH, data=form(content))
    served = client.get(urlsplit(answer.json["logo"]).path)
    assert (served.status_code, served.content_type) == (200, "image/jpeg")


@pytest.mark.parametrize(
    "content",
    [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("BMP"), picture()[:40], picture(size=(1025, 1))],
    ids=["text", "SVG", "BMP", "cut off", "too wide"],
)
def test_refuses_what_is_no_picture(client: FlaskClient, database: Session, content: bytes) -> None:
    answer = client.post(PATH, data=form(content))
    assert (answer.status_code, answer.json["code"]) == (422, "not_a_picture")
    assert count(database, Company) == 0


@pytest.mark.parametrize("limit", ["max_logo_bytes", "max_body_bytes"])
def test_refuses_a_logo_that_is_too_large(
    client: FlaskClient, database: Session, settings: Settings, limit: str
) -> None:
    boundary, body = encode_multipart(form(bytes(getattr(settings, limit) + 1)))
    answer = client.post(PATH, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    assert (answer.status_code, answer.json["code"]) == (413, "payload_too_large")
    assert count(database, Company) == 0


def test_takes_a_logo_that_just_fits(
    client: FlaskClient, database: Session, with_settings: Callable[..., None]
) -> None:
    with_settings(max_logo_bytes=len(picture()))
    assert client.post(PATH, data=form(picture())).status_code == 201


def test_can_be_switched_off(client: FlaskClient, database: Session, with_settings: Callable[..., None]) -> None:
    with_settings(allow_signup=False)
    answer = client.post(PATH, json=NEW)
    assert (answer.status_code, answer.json["code"]) == (403, "signup_closed")
    assert count(database, Company) == 0


def test_is_limited_by_address(client: FlaskClient, database: Session, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_authentication=2)
    # Five calls: a new minute may begin in between, and counts anew.
    answers = [client.post(PATH, json=NEW) for _ in range(5)]
    assert 429 in {answer.status_code for answer in answers}
    assert count(database, Company) == sum(answer.status_code == 201 for answer in answers)


def test_refuses_an_address_since_there_is_none_yet(client: FlaskClient, cast: Cast) -> None:
    answer = client.post(PATH, json=NEW | {"address_id": str(cast.acme)})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["address_id"])


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": "x" * 201}, {"name": None}, {"email": "new"}, {"phone": "911 234 567"}]
    + [{"phone": "+1"}, {"logo": "javascript:alert(1)"}, {"logo": "logo.png"}, {"status": "active"}, {"id": "7"}],
)
def test_refuses_bad_values(client: FlaskClient, database: Session, changes: dict[str, Any]) -> None:
    answer = client.post(PATH, json=NEW | changes)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == list(changes)
    assert count(database, Company) == 0


def test_refuses_bad_values_in_a_form_alike(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, data=form(picture(), email="new", more="1"))
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"email", "more"})


def test_refuses_other_types_of_body(client: FlaskClient, database: Session) -> None:
    answer = client.post(PATH, data="name=New", content_type="text/plain")
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
