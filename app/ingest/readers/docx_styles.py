"""What Word's styles and lists say about a paragraph: its level as a heading, its number."""

import re
from dataclasses import dataclass, replace
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING_NAME = re.compile(r"heading ([1-9])$", re.IGNORECASE)
_MOST_BASES = 20
_PLACE = re.compile(r"%([1-9])")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """`level` is 0 for a document's title, 1 to 9 for headings, None for text. `numbering` is (list, level in it)."""

    level: int | None = None
    numbering: tuple[str, int] | None = None
    is_contents: bool = False

    @property
    def depth(self) -> int:
        """How deep a list item is indented."""
        return self.numbering[1] if self.numbering else 0


class Styles:
    """The styles of a document, each with what it inherits."""

    def __init__(self, tree: Any) -> None:
        styles = [] if tree is None else tree.findall(f"{W}style")
        self._elements = {style.get(f"{W}styleId"): style for style in styles}
        self._known: dict[str, ParagraphStyle] = {}
        self._hiding = {name for name in self._elements if self._hides(name)}

    def of(self, paragraph: Any) -> ParagraphStyle:
        """A paragraph's style, with what the paragraph itself says about it."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return ParagraphStyle()
        return _with(properties, self._named(_value(properties, "pStyle"), depth=0))

    def hides(self, paragraph: Any) -> bool:
        """Whether a paragraph's style hides its text."""
        return bool(self._hiding) and _value_of(paragraph, "pPr", "pStyle") in self._hiding

    def hides_run(self, run: Any, *, in_hidden: bool) -> bool:
        """Whether a run is hidden by itself, by its style or, `in_hidden`, by its paragraph's."""
        vanish = run.find(f"{W}rPr/{W}vanish")
        if vanish is not None:
            return _is_on(vanish)
        # Two styles that both hide show (ECMA-376 part 1, 17.7.3).
        return bool(self._hiding) and (_value_of(run, "rPr", "rStyle") in self._hiding) != in_hidden

    def _hides(self, name: str | None, *, depth: int = 0) -> bool:
        element = self._elements.get(name)
        if element is None or depth > _MOST_BASES:
            return False
        vanish = element.find(f"{W}rPr/{W}vanish")
        return self._hides(_value(element, "basedOn"), depth=depth + 1) if vanish is None else _is_on(vanish)

    def _named(self, name: str | None, *, depth: int) -> ParagraphStyle:
        element = self._elements.get(name)
        if name is None or element is None or depth > _MOST_BASES:
            return ParagraphStyle()
        if name not in self._known:
            style = self._named(_value(element, "basedOn"), depth=depth + 1)
            properties = element.find(f"{W}pPr")
            style = style if properties is None else _with(properties, style)
            self._known[name] = _with_name(_value(element, "name") or "", style)
        return self._known[name]


class Numbering:
    """The lists of a document, and how far each has counted."""

    def __init__(self, tree: Any) -> None:
        self._lists: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counted: dict[str, list[int]] = {}
        if tree is None:
            return
        abstract = {each.get(f"{W}abstractNumId"): _levels(each) for each in tree.findall(f"{W}abstractNum")}
        for each in tree.findall(f"{W}num"):
            self._lists[each.get(f"{W}numId")] = abstract.get(_value(each, "abstractNumId"), {})

    def next(self, place: tuple[str, int] | None) -> str:
        """The number of the next item at a place, as Word shows it; `-` for a bullet, nothing outside of lists."""
        if place is None or place[0] not in self._lists:
            return ""
        name, level = place
        levels = self._lists[name]
        counted = self._counted.setdefault(name, [levels.get(each, ("", "", 1))[2] - 1 for each in range(9)])
        counted[level] += 1
        for deeper in range(level + 1, 9):
            counted[deeper] = levels.get(deeper, ("", "", 1))[2] - 1
        kind, text, _start = levels.get(level, ("bullet", "", 1))
        if kind in {"bullet", "none", ""}:
            return "-" if kind == "bullet" else text
        return _PLACE.sub(lambda found: self._shown(levels, counted, int(found[1]) - 1), text)

    def _shown(self, levels: dict[int, tuple[str, str, int]], counted: list[int], level: int) -> str:
        kind, _text, start = levels.get(level, ("decimal", "", 1))
        return _formatted(max(counted[level], start), kind)


def _levels(abstract: Any) -> dict[int, tuple[str, str, int]]:
    """Level → (format, text, first number)."""
    found = {}
    for level in abstract.findall(f"{W}lvl"):
        start = _number(_value(level, "start"), 1)
        number = _number(level.get(f"{W}ilvl"), 0)
        found[number] = (_value(level, "numFmt") or "decimal", _value(level, "lvlText") or "", start)
    return found


def _formatted(number: int, kind: str) -> str:
    if kind in {"lowerLetter", "upperLetter"}:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if kind == "lowerLetter" else letters.upper()
    if kind in {"lowerRoman", "upperRoman"} and 0 < number < 4000:
        roman = ""
        for value, sign in _ROMAN:
            roman, number = roman + sign * (number // value), number % value
        return roman if kind == "lowerRoman" else roman.upper()
    return f"{number:02}" if kind == "decimalZero" else str(number)


def _with(properties: Any, style: ParagraphStyle) -> ParagraphStyle:
    outline = _value(properties, "outlineLvl")
    if outline is not None:
        # 9 says "body text" where the style says otherwise.
        level = _number(outline, 9)
        style = replace(style, level=level + 1 if level < 9 else None)
    numbered = properties.find(f"{W}numPr")
    if numbered is not None:
        name = _value(numbered, "numId") or (style.numbering[0] if style.numbering else None)
        level = min(_number(_value(numbered, "ilvl"), style.depth), 8)
        style = replace(style, numbering=None if name in {None, "0"} else (name, level))
    return style


def _with_name(name: str, style: ParagraphStyle) -> ParagraphStyle:
    """Word's own styles go by their English names in every language."""
    if found := _HEADING_NAME.match(name):
        return replace(style, level=int(found[1]))
    if name.lower() == "title":
        return replace(style, level=0)
    return replace(style, is_contents=True) if name.lower().startswith("toc ") else style


def _value(element: Any, name: str) -> str | None:
    child = element.find(f"{W}{name}")
    value: str | None = None if child is None else child.get(f"{W}val")
    return value


def _value_of(element: Any, properties: str, name: str) -> str | None:
    found = element.find(f"{W}{properties}")
    return None if found is None else _value(found, name)


def _is_on(switch: Any) -> bool:
    return switch.get(f"{W}val", "1") not in {"0", "false", "off"}


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise
