"""What calamine doesn't tell about the sheets of an XLSX workbook: what is hidden, and how numbers are shown."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.ingest import archive
from app.ingest.readers.number_formats import BUILTIN

# As Excel writes it, and as "strict" files have it.
_SPACES = (
    "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}",
    "{http://purl.oclc.org/ooxml/spreadsheetml/main}",
)
_PARENTS = {f"{space}{name}" for space in _SPACES for name in ("cols", "sheetData")}
_MOST_COLUMNS = 16_384
_LONGEST_COLUMN = len("XFD")
_RELATIONS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


@dataclass(slots=True)
class RowLook:
    """Rows and columns are counted from 0. `formats`: codes by column, of cells that have one."""

    number: int
    is_hidden: bool
    hidden_columns: set[int]
    formats: dict[int, str] = field(default_factory=dict)


class Looks:
    """Of all sheets of a workbook; nothing for other files than XLSX."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        main = [name for kind, name in archive.targets(package, "").values() if kind == "officeDocument"]
        self._parts: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        if not main or not main[0].endswith(".xml"):
            return
        targets = archive.targets(package, main[0])
        workbook = archive.tree(package, main[0])
        for sheet in () if workbook is None else workbook.iterfind("{*}sheets/{*}sheet"):
            kind, part = targets.get(next(filter(None, map(sheet.get, _RELATIONS)), ""), ("", ""))
            if kind == "worksheet" and part in package.NameToInfo:
                self._parts[sheet.get("name", "")] = part
        for kind, part in targets.values():
            if kind == "styles":
                self._codes = _codes(archive.tree(package, part))

    def rows(self, sheet: str) -> Iterator[RowLook]:
        """Of the rows that the file has, from above."""
        number, told, hidden_columns = -1, 0, set[int]()
        for element in archive.elements(self._package, self._parts[sheet], _PARENTS) if sheet in self._parts else ():
            if element.tag.endswith("}col"):
                if _is_true(element.get("hidden")):
                    first, last = int(element.get("min", 1)), int(element.get("max", 0))
                    columns = range(max(first, 1) - 1, min(last, _MOST_COLUMNS))
                    told += len(columns)
                    if told <= _MOST_COLUMNS:  # none is told of twice, except to keep us busy
                        hidden_columns.update(columns)
            elif element.tag.endswith("}row"):
                number = int(element.get("r", number + 2)) - 1
                yield RowLook(number, _is_true(element.get("hidden")), hidden_columns, self._formats(element))

    def _formats(self, row: Any) -> dict[int, str]:
        formats, column = {}, -1
        for cell in row:
            if not cell.tag.endswith("}c"):
                continue
            place = cell.get("r")
            column = _column(place) if place else column + 1
            if code := self._codes.get(cell.get("s", "0")):
                formats[column] = code
        return formats


def _codes(styles: Any) -> dict[str, str]:
    """Number of a cell's style → code of its number format."""
    if styles is None:
        return {}
    written = {each.get("numFmtId"): each.get("formatCode", "") for each in styles.iterfind("{*}numFmts/{*}numFmt")}
    known = {str(number): code for number, code in BUILTIN.items()} | written
    ids = [each.get("numFmtId") for each in styles.iterfind("{*}cellXfs/{*}xf")]
    return {str(style): known[each] for style, each in enumerate(ids) if each in known}


def _column(place: str) -> int:
    """`C7` → 2."""
    number = 0
    for letter in place[:_LONGEST_COLUMN].rstrip("0123456789").upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _is_true(value: str | None) -> bool:
    return value in {"1", "true"}
