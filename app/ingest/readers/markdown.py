"""Markdown (https://spec.commonmark.org): headings, fenced code and tables; the rest stays as it was written."""

import re
from collections.abc import Iterator

from app.ingest.readers import tables
from app.ingest.readers.decoding import decode
from app.ingest.sink import Sink
from app.ingest.source import Source

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DELIMITERS = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELLS = re.compile(r"(?<!\\)\|")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
# What begins in a line of its own and so ends a paragraph that a line of dashes might make a heading of.
_NO_PARAGRAPH = re.compile(r"\s*([-+*>|]|\d+[.)])\s")


def read(source: Source, sink: Sink) -> None:
    """Never fails: what is no Markdown is text."""
    text = decode(source.path.read_bytes(), declared=source.charset).replace("\r\n", "\n").replace("\r", "\n")
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if named := _FRONT_TITLE.search(front[1]):
            sink.title(named[1])
    for part in _parts(text.splitlines()):
        _write(part, sink)


def _write(part: list[str], sink: Sink) -> None:
    if heading := _ATX.match(part[0]):
        name = _plain(heading[2] or "")
        if len(heading[1]) == 1:
            sink.title(name)
        sink.heading(len(heading[1]), name)
    elif _is_underlined(part):
        level, name = (1 if "=" in part[-1] else 2), _plain(" ".join(part[:-1]))
        if level == 1:
            sink.title(name)
        sink.heading(level, name)
    elif len(part) > 1 and "|" in part[0] and _DELIMITERS.match(part[1]):
        rows = (_cells(line) for line in [part[0], *part[2:]])
        for batch in tables.batches(tables.lines(rows, has_header=True)):
            sink.text(batch)
    else:
        written = "\n".join(part)
        sink.text(written if _FENCE.match(part[0]) else _COMMENT.sub("", written))


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """Headings, fenced code, tables and paragraphs, each with its lines."""
    part: list[str] = []
    fence = ""
    for line in lines:
        opened = _FENCE.match(line)
        if fence:
            part.append(line)
            if opened and opened[1].startswith(fence) and line.strip() == opened[1]:
                yield part
                part, fence = [], ""
        elif opened:
            yield from [part] if part else []
            part, fence = [line], opened[1]
        elif _ATX.match(line):
            yield from [part] if part else []
            yield [line]
            part = []
        elif not line.strip():
            yield from [part] if part else []
            part = []
        elif _is_underlined([*part, line]):
            yield [*part, line]
            part = []
        else:
            part.append(line)
    if part:
        yield part


def _is_underlined(part: list[str]) -> bool:
    above = part[:-1]
    return (
        bool(above and _UNDERLINE.match(part[-1]))
        and not _FENCE.match(part[0])
        and not any(_NO_PARAGRAPH.match(line) for line in above)
    )


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_plain(cell.replace("\\|", "|")) for cell in _CELLS.split(inner)]


def _plain(text: str) -> str:
    """A heading or a cell without its emphasis, code marks and links."""
    return _LINK.sub(r"\1", _MARKS.sub(r"\2", text)).strip()
