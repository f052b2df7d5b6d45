"""What is personal in a column, and what is left of its values."""

import pytest

from app.textsql import personal
from app.textsql.personal import Personal


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", Personal.EMAIL),
        ("customerEMail", Personal.EMAIL),
        ("contact_email_2", Personal.EMAIL),
        ("mobile", Personal.PHONE),
        ("telefon", Personal.PHONE),
        ("iban", Personal.IBAN),
        ("first_name", Personal.NAME),
        ("nachname", Personal.NAME),
        ("billing_address", Personal.ADDRESS),
        ("date_of_birth", Personal.BIRTH),
        ("passport_number", Personal.IDENTITY),
        ("password_hash", Personal.SECRET),
        ("session_id", Personal.SECRET),
        ("ip_address", Personal.NETWORK),
        ("notes", Personal.NOTE),
        ("product_name", None),
        ("company_name", None),
        ("description", None),
        ("city", None),
        ("address_id", None),
        ("email_verified", None),
        ("status", None),
        ("panel", None),
        ("pinned", None),
    ],
)
def test_by_its_name(name: str, kind: Personal | None) -> None:
    assert personal.kind_of(name, (), textual=True) is kind


def test_a_name_in_a_table_of_people_is_a_persons() -> None:
    assert personal.is_of_people("crm_customers")
    assert not personal.is_of_people("products")
    assert personal.kind_of("name", (), textual=True, people=True) is Personal.NAME


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["ada@example.com", "grace@example.org"], Personal.EMAIL),
        (["+34 911 234 567", "+1 212 555 0123"], Personal.PHONE),
        (["GB33BUKB20201555555555"], Personal.IBAN),
        (["GB33BUKB20201555555556"], None),  # its check digits are wrong
        (["4111 1111 1111 1111"], Personal.CARD),
        (["4111 1111 1111 1112"], None),
        (["192.0.2.7"], Personal.NETWORK),
        (["2026-05-01", "2026-05-03"], None),
        (["12", "13"], None),
        (["49.90"], None),
        (["HLM-1", "ada@example.com", "BLL-2"], None),
    ],
)
def test_by_its_values(values: list[str], kind: Personal | None) -> None:
    assert personal.kind_of("x", values, textual=True) is kind


def test_masked_values_keep_their_shape() -> None:
    assert personal.mask(["Ada.L@example.com"], Personal.EMAIL) == ["Xxx.X@xxxxxxx.xxx"]
    assert personal.mask(["Ada Lovelace"], Personal.NAME) == []
    assert personal.mask(["open", "open", "x" * 200], None) == ["open"]


def test_texts_are_scrubbed() -> None:
    text = "Call +44 20 7946 0958 or ada@example.com about order 4711 of 2026-05-01"
    assert personal.scrub(text) == "Call +99 99 9999 9999 or xxx@xxxxxxx.xxx about order 4711 of 2026-05-01"
