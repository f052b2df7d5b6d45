"""Rows of tables as lines that stand alone: `Plan: Basic | Price: 10 € | Seats: 1`.

A passage of a table is found and understood without the header row above it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_BATCH_CHARACTERS = 400
_LONGEST_NAME = 80
# A number, a date, a time, an amount, an address: what stands in rows and not in their header.
_VALUE = re.compile(r"[^\w]*[\d][\d\s.,:/%€$£+\-–]*\D{0,4}$|\S+@\S+|https?://\S+|(?:true|false)$", re.IGNORECASE)

# Above figures, years and seasons are names.
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s?[/–-]\s?(?:\d\d){1,2})?$")


def lines(rows: Iterable[Sequence[str]], *, has_header: bool | None = None) -> Iterator[str]:
    """One line per row that isn't empty. `has_header` None: found out from the first rows."""
    remaining = (row for row in (_trimmed(row) for row in rows) if any(row))
    first = next(remaining, None)
    # What stands alone above a table is its title or a remark.
    while first and not has_header and sum(map(bool, first)) == 1:
        yield _plain(first)
        first = next(remaining, None)
    if first is None:
        return
    second = next(remaining, None)
    below = remaining if second is None else chain([second], remaining)
    if _is_header(first, second) if has_header is None else has_header and second:
        yield from (_named(first, row) for row in below)
    else:
        yield from map(_plain, chain([first], below))


def batches(each_line: Iterable[str]) -> Iterator[str]:
    """Lines joined to texts of some 400 characters: short enough to be whole in a passage, and not a block per row."""
    batch: list[str] = []
    size = 0
    for line in each_line:
        batch.append(line)
        size += len(line)
        if size >= _BATCH_CHARACTERS:
            yield "\n".join(batch)
            batch, size = [], 0
    if batch:
        yield "\n".join(batch)


def _trimmed(row: Sequence[str]) -> list[str]:
    cells = [" ".join(cell.split()) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_header(first: Sequence[str], second: Sequence[str] | None) -> bool:
    names = [cell for cell in first if cell]
    return (
        second is not None
        and len(first) > 1
        and len(names) * 2 > len(first)
        and len(first) >= len(second)
        and len(set(names)) == len(names)
        and not any(len(name) > _LONGEST_NAME or _is_value(name) for name in names)
        and not _have_years_below(first, second)
    )


def _is_value(cell: str) -> bool:
    return bool(_VALUE.match(cell)) and not _YEAR.match(cell)


def _have_years_below(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the years of the first row are values like those of the second, or nothing but years."""
    years = [number for number, cell in enumerate(first) if _YEAR.match(cell)]
    below = [second[number] if number < len(second) else "" for number in years]
    return bool(years) and (len(years) == len(first) or all(map(_YEAR.match, below)))


def _named(header: Sequence[str], row: Sequence[str]) -> str:
    names = [*header, *[""] * (len(row) - len(header))]
    return " | ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell)


def _plain(row: Sequence[str]) -> str:
    return " | ".join(cell for cell in row if cell)
