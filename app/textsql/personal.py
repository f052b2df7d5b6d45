"""Personal data in customers' tables: which columns hold some, and values with it taken out.

A masked value keeps its shape, which is what helps to write a query: `xxx@xxxxxxx.xxx`, `+99 99 9999 9999`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import phonenumbers
from stdnum import iban, luhn

from app.textsql.names import words_of

_MOST_OF = 0.5  # of the values: a column of which half are e-mails is one of e-mails
_LONGEST_TEXT = 80


class Personal(StrEnum):
    """Kinds of personal data."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    NAME = "name"
    ADDRESS = "address"
    BIRTH = "birth"
    IDENTITY = "identity"
    NETWORK = "network"
    SECRET = "secret"
    NOTE = "note"


# By words of a column's name, in the languages that schemas are written in most. The first that fits.
_BY_NAME: Mapping[Personal, re.Pattern[str]] = MappingProxyType(
    {
        kind: re.compile(rf"(?:^|_)(?:{words})(?:_|\d*$)")
        for kind, words in {
            Personal.SECRET: r"password|passwd|pwd|pass|passwort|contrasena|secret|token|api_?key|hash|salt|otp|pin|cvv"
            r"|cvc|private_?key|session",
            Personal.EMAIL: r"e_?mail(?:s|_address)?|mail|correo|courriel",
            Personal.PHONE: r"phones?|telephones?|tel|mobile|cell|cellphone|fax|telefono?|telefon|handy|msisdn",
            Personal.IBAN: r"iban|bank_?account|account_?number|kontonummer|bic|swift|routing_?number",
            Personal.CARD: r"card_?(?:number|no|num)|credit_?card|pan|kreditkarte|tarjeta",
            Personal.IDENTITY: r"ssn|social_security(?:_number)?|national_id|passport(?:_?(?:no|number))?|tax_?id"
            r"|vat_?id|nif|dni|nie|cpf|curp|personal_?(?:no|number|id)|driver_?licen[sc]e|steuer_?(?:id|nummer)|license_?plate",
            Personal.BIRTH: r"birth_?(?:date|day|place)?|date_of_birth|dob|geburtsdatum|fecha_nacimiento|naissance",
            Personal.NAME: r"(?:first|last|full|middle|given|family|sur|nick|user|display|contact|customer|person"
            r"|employee|patient|guest|author|owner|holder|recipient|client|billing|shipping)_?names?"
            r"|surname|forename|vorname|nachname|apellidos?|nombre_completo|prenom|login|username|salutation",
            Personal.NETWORK: r"ip(?:_?address)?|ip_?addr|remote_?addr|mac_?address|user_?agent|device_?id|cookie",
            Personal.ADDRESS: r"(?:street|home|postal|mailing|billing|shipping|delivery)_?(?:address|name)?\d?|address"
            r"(?:_?line)?_?\d?|addr|strasse|direccion|adresse|house_?(?:no|number)|lat(?:itude)?|lon(?:gitude)?|lng|geo",
            Personal.NOTE: r"notes?|comments?|remarks?|message|feedback|notiz(?:en)?|bemerkung|observaciones|body",
        }.items()
    }
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DIGITS = re.compile(r"(?<![\w.])\+?\d(?:[ ./()-]{0,2}\d){6,18}(?![\w])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_ADDRESSES = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T][\d:.+-]*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_LETTER, _UPPER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"[A-Z]"), re.compile(r"\d")
# Kinds whose values are all masked. Of the others nothing is kept at all, for no shape of them helps anybody.
_SHAPED = {Personal.EMAIL, Personal.PHONE, Personal.IBAN, Personal.CARD, Personal.IDENTITY, Personal.BIRTH}
# A number under such a name is a measure, not a person's: `mobile` visits, `address` ids.
_OF_TEXT = {Personal.NAME, Personal.NOTE, Personal.ADDRESS, Personal.NETWORK, Personal.EMAIL}


def kind_of(name: str, values: Sequence[str], *, textual: bool, people: bool = False) -> Personal | None:
    """The kind of personal data in a column, by its name and by values of it (as texts); None where none shows.

    `people`: the table is one of people, so that a column that is just called `name` holds theirs.
    """
    plain = "_".join(words_of(name))
    for kind, pattern in _BY_NAME.items():
        if (
            pattern.search(plain)
            and (textual or kind not in _OF_TEXT)
            and (kind is Personal.SECRET or not _is_key(plain))
        ):
            return kind
    if people and textual and plain in {"name", "names", "nombre", "nom"}:
        return Personal.NAME
    return _kind_of_values(values) if values else None


def mask(values: Sequence[str], kind: Personal | None) -> list[str]:
    """Values of a column as they may be kept: without what is personal in them, each once."""
    if kind is not None and kind not in _SHAPED:
        return []
    kept = (shape(value) if kind else scrub(value) for value in values if len(value) <= _LONGEST_TEXT)
    return list(dict.fromkeys(kept))


def scrub(text: str) -> str:
    """A text with the e-mail addresses, phone and account numbers in it masked."""
    for pattern in (_EMAIL, _IBAN, _ADDRESSES):
        text = pattern.sub(lambda found: shape(found[0]), text)
    return _DIGITS.sub(lambda found: shape(found[0]) if _is_personal_number(found[0]) else found[0], text)


def shape(text: str) -> str:
    """A text with its letters as x and X and its digits as 9."""
    return _DIGIT.sub("9", _LETTER.sub(lambda found: "X" if _UPPER.match(found[0]) else "x", text))


_PEOPLE = re.compile(
    r"(?:^|_)(?:people|persons?|users?|customers?|clients?|employees?|staff|members?|patients?|students?|teachers?"
    r"|contacts?|guests?|leads?|authors?|drivers?|kunden?|mitarbeiter|personen|clientes?|empleados?|usuarios?)$"
)


def is_of_people(table: str) -> bool:
    """Whether a table's name says that its rows are people."""
    return _PEOPLE.search("_".join(words_of(table))) is not None


def _is_key(plain: str) -> bool:
    """`address_id` holds no address, `email_verified` no e-mail."""
    return plain.endswith(("_id", "_ids", "_at", "_count", "_verified", "_type", "_status", "_enabled")) and not (
        plain.endswith(("tax_id", "national_id", "vat_id", "personal_id", "steuer_id", "device_id"))
    )


def _kind_of_values(values: Sequence[str]) -> Personal | None:
    enough = max(1, _MOST_OF * len(values))
    for kind, fits in _BY_VALUE.items():
        if sum(1 for value in values if fits(value)) >= enough:
            return kind
    return None


def _is_personal_number(text: str) -> bool:
    return _is_phone(text) or _is_card(text)


def _is_phone(text: str) -> bool:
    """Written as people write phone numbers: plain digits are more often something else."""
    if _DATE.fullmatch(text) or not (text.startswith("+") or re.search(r"\d[ ()/-]+\d", text)):
        return False
    try:
        number = phonenumbers.parse(text, None if text.startswith("+") else "US")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number)


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    return digits.isdigit() and 13 <= len(digits) <= 19 and digits[0] in "3456" and bool(luhn.is_valid(digits))


_BY_VALUE: Mapping[Personal, Callable[[str], bool]] = {
    Personal.EMAIL: lambda value: _EMAIL.fullmatch(value.strip()) is not None,
    Personal.IBAN: lambda value: _IBAN.fullmatch(value.strip()) is not None and bool(iban.is_valid(value)),
    Personal.CARD: lambda value: _is_card(value.strip()),
    Personal.NETWORK: lambda value: _ADDRESSES.fullmatch(value.strip()) is not None,
    Personal.PHONE: lambda value: _is_phone(value.strip()),
}
