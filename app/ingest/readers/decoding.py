"""Bytes to text, whatever they were encoded in."""

import codecs
import re
from mmap import mmap

from app.ingest.readers import legacy

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 65_536
_BEFORE = 64
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""")


def encoding_of(content: bytes | mmap, *, declared: str | None = None) -> str:
    """The name of a codec for a text, of which 64 KiB are looked at: from where it first isn't ASCII.

    A byte order mark decides, then UTF-8 if it fits, then what the sender declared, then what reads best: see `legacy`.
    """
    beginning = content[:_SAMPLE]
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    if wide := _wide(beginning):
        return wide
    # English goes on for long before the first dash or pound sign, and all that tells encodings apart is after it.
    telling = _NOT_ASCII.search(content)
    start = max(0, telling.start() - _BEFORE) if telling else 0
    sample = content[start : start + _SAMPLE]
    if _fits(sample, "utf-8"):
        return "utf-8"
    return _known(declared) or legacy.guess(sample)


def declared_in_html(sample: bytes) -> str | None:
    """The encoding that a page names in its head."""
    found = _XML_DECLARED.search(sample) or _DECLARED.search(sample[:4096])
    return found[1].decode("ascii") if found else None


def decode(content: bytes, *, declared: str | None = None) -> str:
    """The whole text; bytes that don't fit become U+FFFD."""
    return content.decode(encoding_of(content, declared=declared), errors="replace")


def _fits(sample: bytes, encoding: str) -> bool:
    # The sample may end within a character.
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain text is NUL."""
    if len(sample) < 4 or b"\0" not in sample:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _known(name: str | None) -> str | None:
    try:
        # Browsers read Latin-1 as Windows-1252, too (https://encoding.spec.whatwg.org/#names-and-labels).
        found = codecs.lookup(name or "").name
    except LookupError:
        return None
    return "cp1252" if found in {"iso8859-1", "ascii"} else found if found not in {"utf-8", "utf-16"} else None
