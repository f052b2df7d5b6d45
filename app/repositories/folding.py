"""Finding text whatever its case and accents, without needing the extension `unaccent`."""

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute

_ACCENTS = "[\u0300-\u036f]"


def folded(name: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """A text in lower case, without accents."""
    decomposed = func.normalize(name, literal_column("NFD"))
    return func.lower(func.regexp_replace(decomposed, _ACCENTS, "", "g"))


def fold(name: str) -> str:
    """The same of a text that is no column."""
    return re.sub(_ACCENTS, "", unicodedata.normalize("NFD", name)).lower()


def contains(name: ColumnElement[Any] | InstrumentedAttribute[Any], wanted: str) -> ColumnElement[bool]:
    """Whether `wanted` is a part of a text. Its wildcards stand for themselves."""
    return folded(name).contains(fold(wanted), autoescape=True)
