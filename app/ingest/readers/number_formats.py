"""Numbers of workbooks as they are shown: with the unit, the currency and the decimals of their number format.

Formats are those of ECMA-376, part 1, 18.8.31. Thousands aren't grouped and the decimal mark is a point, since files
don't say in which language they are read.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

# Those that files refer to without writing them out. The currency of 5 to 8, 42 and 44 is the reader's own: unknown.
BUILTIN = {1: "0", 2: "0.00", 3: "0", 4: "0.00", 9: "0%", 10: "0.00%"}
BUILTIN |= dict.fromkeys((5, 6, 37, 38, 41, 42), "0") | dict.fromkeys((7, 8, 39, 40, 43, 44), "0.00")

_MOST = 1e15
# Excel's own; with more decimals numbers would have more digits than they are exact.
_LONGEST_CODE = 255
_MOST_DECIMALS = 10
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<gap>_.)|\*.|\[\$(?P<currency>[^\]-]*+)[^\]]*+\]|\[(?P<bracket>[^\]]*+)\]'
    r"|(?P<general>General)|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*,*)?|\.[0#?]+,*)|(?P<end>;)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
# Conditions, and hours, minutes or seconds that have elapsed.
_NO_COLOUR = re.compile(r"[<>=]|[hms]+$", re.IGNORECASE)
# Parts of dates, exponents, fractions, texts.
_NO_LITERAL = re.compile(r"[A-Za-z/@]")


@dataclass(slots=True)
class _Section:
    before: str = ""
    digits: str | None = None
    after: str = ""
    percents: int = 0
    is_understood: bool = True

    def literal(self, text: str) -> None:
        if self.digits is None:
            self.before += text
        else:
            self.after += text


def plain(number: float) -> str:
    """As Excel shows what has no format: it knows no integers, and 0.1 + 0.2 is shown to be 0.3."""
    if not abs(number) < _MOST:
        return str(number)
    return f"{number:.0f}" if number == int(number) else f"{number:.12g}"


def shown(number: float, code: str) -> str:
    """Empty where the format hides the number; plain where it is of a kind that isn't understood."""
    if len(code) > _LONGEST_CODE or not abs(number) < _MOST:
        return plain(number)
    sections = _sections(code)
    if not all(section.is_understood for section in sections):
        return plain(number)
    place = 1 if number < 0 else 2 if number == 0 else 0
    section = sections[place] if place < len(sections) else sections[0]
    text, is_nothing = _digits(abs(number), section)
    sign = "-" if number < 0 and len(sections) == 1 and not is_nothing else ""
    return " ".join(f"{sign}{section.before}{text}{section.after}".split())


@lru_cache(maxsize=1_000)
def _sections(code: str) -> list[_Section]:
    """For numbers above zero, below it, for zero, and for texts."""
    sections = [_Section()]
    for token in _TOKEN.finditer(code):
        section, kind, text = sections[-1], token.lastgroup, token[token.lastgroup or 0]
        if kind == "end":
            sections.append(_Section())
        elif kind == "gap":
            section.literal(" ")
        elif kind in {"quoted", "escaped", "currency"}:
            section.literal(text)
        elif kind in {"general", "digits"}:
            section.is_understood &= section.digits is None and len(text.partition(".")[2]) <= _MOST_DECIMALS
            section.digits = "" if kind == "general" else text
        elif kind == "bracket":
            section.is_understood &= not _NO_COLOUR.match(text)
        elif kind == "other":
            section.percents += text == "%"
            section.is_understood &= not _NO_LITERAL.match(text) and section.percents <= 1
            section.literal(text)
    # What is shown instead of texts is no matter of numbers.
    return sections[:3]


def _digits(number: float, section: _Section) -> tuple[str, bool]:
    """The number alone, and whether it is rounded to zero."""
    if section.digits is None:
        return "", False
    if not section.digits:
        return plain(number), number == 0
    whole, _point, decimals = section.digits.rstrip(",").partition(".")
    thousands = len(section.digits) - len(section.digits.rstrip(","))
    exact = Decimal(f"{number:.15g}").scaleb(2 * section.percents - 3 * thousands)
    rounded = exact.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    above, _point, below = f"{rounded:f}".partition(".")
    needed = decimals.rindex("0") + 1 if "0" in decimals else 0
    below = below[:needed] + below[needed:].rstrip("0")
    above = above.lstrip("0").zfill(whole.count("0"))
    return above + (f".{below}" if below else ""), not rounded
