"""Markdown (https://spec.commonmark.org): headings, fenced code, tables and HTML; the rest stays as it was written."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from html.entities import html5

from app.ingest.errors import Broken
from app.ingest.readers import html_walk, tables
from app.ingest.readers.decoding import decode
from app.ingest.sink import Sink, without_embedded
from app.ingest.source import Source

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
# What has more of its marks in the line is code within a text.
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_DELIMITERS = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELLS = re.compile(r"(?<!\\)\|")
_MARKS = re.compile(r"(\*\*|__|`)(?=\S)(.{1,500}?)(?<=\S)\1")
# All of these look ahead as far as somebody would write and no farther: brackets that are never closed take no hours.
_TARGET = r"\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}(?:\s+\"[^\"]{0,500}\")?\)"
_LINK = re.compile(rf"!?\[([^\[\]]{{0,500}})\]{_TARGET}")
_PICTURE = re.compile(rf"!\[([^\[\]]{{0,500}})\](?:{_TARGET}|\[[^\[\]]{{0,100}}\])")
_DEFINED_PICTURE = re.compile(r" {0,3}\[[^\[\]]{1,100}\]:\s*<?(?:data:.*)?>?\s*$")
_CODE = re.compile(r"(`[^`\n]*`)")
_TAG = re.compile(
    r"</?(a|abbr|b|big|br|center|cite|code|dd|del|details|div|dl|dt|em|figure|font|hr|i|img|ins|kbd|li|mark|ol|p|picture"
    r"|pre|q|s|small|source|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul|video)(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
# A line that begins with one of these begins HTML (https://spec.commonmark.org/0.31.2/#html-blocks).
_HTML_LINE = re.compile(
    r" {0,3}</?(?:address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|li|main|menu|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)(?:[\s/>]|$)",
    re.IGNORECASE,
)
_BEGINS_UNSEEN = re.compile(r"`[^`]*`|<!--|<script\b|<style\b", re.IGNORECASE)
# In patterns, for a text in lower case may be longer than it was ("İ") and so has its ends elsewhere.
_ENDS = {
    begin: re.compile(end, re.IGNORECASE | re.ASCII)
    for begin, end in {"<!--": "-->", "<script": "</script>", "<style": "</style>"}.items()
}
# No others (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references): addresses have "&region=".
_ENTITY = re.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,40}));")
# Patterns that look for the end of a gap at each of its characters would take hours for a long one.
_LONG_GAP = re.compile(r"[^\S\n]{200,}")
# Unlike a line of dashes that begins a text, it begins with a name or a remark.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?=[\w\"'-]+[ \t]*:|#)(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
# What begins in a line of its own and so ends a paragraph that a line of dashes might make a heading of.
_NO_PARAGRAPH = re.compile(r"\s*([-+*>|]|\d+[.)])\s")


def read(source: Source, sink: Sink) -> None:
    """Never fails: what is no Markdown is text."""
    text = decode(source.path.read_bytes(), declared=source.charset).replace("\r\n", "\n").replace("\r", "\n")
    text = _LONG_GAP.sub(" ", without_embedded(text))
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if named := _FRONT_TITLE.search(front[1]):
            sink.title(named[1])
    for part in _parts(_seen(text.splitlines())):
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
        _write_text(part, sink)


def _write_text(part: list[str], sink: Sink) -> None:
    written = "\n".join(part)
    if _FENCE.match(part[0]):
        sink.text(written)
        return
    if _HTML_LINE.match(part[0]):
        with suppress(Broken):
            html_walk.read_whole(written, sink)
            return
    sink.text(_readable("\n".join(line for line in part if not _DEFINED_PICTURE.match(line))))


def _seen(lines: Sequence[str]) -> Iterator[str]:
    """The lines without remarks and scripts, which may be longer than paragraphs. One that doesn't end is text."""
    fenced = list(_fenced(lines))
    last = {end: _last(end, lines, fenced) for end in _ENDS.values()}
    end: re.Pattern[str] | None = None
    for number, line in enumerate(lines):
        if fenced[number]:
            # An arrow in a diagram ends no remark that began above it.
            if not end:
                yield line
            continue
        shown, at = "", 0
        while at < len(line):
            if end:
                found = end.search(line, at)
                at, end = (found.end(), None) if found else (len(line), end)
                continue
            begins = _BEGINS_UNSEEN.search(line, at)
            shown += line[at : begins.start() if begins else len(line)]
            at = begins.end() if begins else len(line)
            if begins and (is_end := _ENDS.get(begins[0].lower())) and last[is_end] >= (number, at):
                end = is_end
            elif begins:
                shown += begins[0]
        if shown.strip() or not line.strip():
            yield shown


def _fenced(lines: Iterable[str]) -> Iterator[bool]:
    """Which lines are fenced code, with the fences themselves."""
    fence = ""
    for line in lines:
        opened = _FENCE.match(line)
        yield bool(fence or opened)
        if fence:
            fence = "" if _closes(line, fence) else fence
        elif opened:
            fence = opened[1]


def _last(end: re.Pattern[str], lines: Sequence[str], fenced: Sequence[bool]) -> tuple[int, int]:
    """The line and the place in it where something unseen ends for the last time: what begins later never ends."""
    for number in reversed(range(len(lines))):
        starts = [] if fenced[number] else [found.start() for found in end.finditer(lines[number])]
        if starts:
            return number, starts[-1]
    return -1, -1


def _parts(lines: Iterable[str]) -> Iterator[list[str]]:
    """Headings, fenced code, tables and paragraphs, each with its lines."""
    part: list[str] = []
    fence = ""
    for line in lines:
        opened = _FENCE.match(line)
        if fence:
            part.append(line)
            if _closes(line, fence):
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
        elif part and _UNDERLINE.match(line) and _is_underlined([*part, line]):
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


def _closes(line: str, fence: str) -> bool:
    found = _FENCE.match(line)
    return bool(found) and line.strip().startswith(fence) and not line.strip().strip(fence[0])


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_plain(cell.replace("\\|", "|")) for cell in _CELLS.split(inner)]


def _plain(text: str) -> str:
    """A heading or a cell without its emphasis, code marks and links."""
    return " ".join(_LINK.sub(r"\1", _MARKS.sub(r"\2", _readable(text))).split())


def _readable(text: str) -> str:
    """A text with what stands for its pictures, without tags and with the characters that entities stand for."""
    return "".join(part if part.startswith("`") else _without_tags(part) for part in _CODE.split(text))


def _without_tags(text: str) -> str:
    tagless = _TAG.sub(lambda tag: "\n" if tag[1].lower() == "br" else "", _PICTURE.sub(r"\1", text))
    return _ENTITY.sub(_character, tagless)


def _character(entity: re.Match[str]) -> str:
    # `html.unescape` would find a shorter name in an unknown one, too: "&notit;".
    return html5.get(f"{entity[1]};", entity[0]) if entity[1] else html.unescape(entity[0])
