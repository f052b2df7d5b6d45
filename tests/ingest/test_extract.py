"""The process that reads a file: what it is spared and what it is refused."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.ingest import extract as extraction
from app.ingest.detect import Kind, detect
from app.ingest.errors import (
    Broken,
    EmptyDocument,
    Encrypted,
    ExpandsTooMuch,
    IngestError,
    NoText,
    OutOfMemory,
    TimedOut,
    TooLarge,
    TooMuchText,
)
from app.ingest.extract import Extracted, extract
from app.ingest.limits import Limits
from tests.ingest import files

# Each starts a process of a tenth of a second or more.
pytestmark = pytest.mark.slow

_Write = Callable[[bytes | str], Path]
_MB = 1024 * 1024
_SMALL = Limits(max_seconds=20.0, max_memory_bytes=512 * _MB)


def _children() -> set[str]:
    listed = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, check=True)
    return {line for line in listed.stdout.decode().splitlines() if "app.ingest" in line}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Kind.PDF, files.long_pdf(2)),
        (Kind.DOCX, files.word_of("<w:p><w:r><w:t>This is page 1 of many.</w:t></w:r></w:p>")),
        (Kind.PPTX, files.slides(("a", "This is page 1 of many."))),
        (Kind.XLSX, files.workbook({"a": [["This is page 1 of many."]]})),
        (Kind.ODT, files.open_document("<p>This is page 1 of many.</p>".replace("p>", "text:p>"))),
        (Kind.EPUB, files.book("<p>This is page 1 of many.</p>")),
        (Kind.CSV, b"This is page 1 of many.\n"),
        (Kind.HTML, b"<p>This is page 1 of many.</p>"),
        (Kind.MARKDOWN, b"This is page 1 of many."),
        (Kind.TEXT, b"This is page 1 of many."),
    ],
    ids=lambda value: value if isinstance(value, Kind) else "",
)
def test_every_kind_is_read(file: _Write, kind: Kind, content: bytes) -> None:
    extracted = extract(file(content), kind, _SMALL)
    assert "This is page 1 of many." in extracted.full_text
    assert 0 < extracted.peak_memory_bytes < 150 * _MB


def test_a_thousand_pages_are_read_in_bounded_memory(file: _Write) -> None:
    told: list[tuple[int, int | None]] = []
    extracted = extract(file(files.long_pdf(1000)), Kind.PDF, Limits(), on_progress=lambda *each: told.append(each))
    assert extracted.pages == 1000
    assert {block.page for block in extracted.blocks} == set(range(1, 1001))
    assert extracted.peak_memory_bytes < 150 * _MB
    assert told[-1] == (1000, 1000)
    assert told == sorted(told)


def test_pages_are_told_one_after_the_other_and_the_reading_can_be_stopped(file: _Write) -> None:
    def stop(done: int, total: int | None) -> None:
        raise InterruptedError(f"{done} of {total}")

    with pytest.raises(InterruptedError, match=r"\d+ of 1000"):
        extract(file(files.long_pdf(1000)), Kind.PDF, Limits(), on_progress=stop)
    assert not _children()


def test_a_silent_reader_is_told_of_every_second(file: _Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(extraction, "_START", "import time; time.sleep(0.3)")
    told: list[tuple[int, int | None]] = []
    with pytest.raises(Broken):
        extract(file("x"), Kind.TEXT, _SMALL, on_progress=lambda *each: told.append(each))
    assert len(told) >= 3


def test_the_time_is_limited_and_nothing_stays_behind(file: _Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        extraction, "_START", "import subprocess, time; subprocess.Popen(['sleep', '7.77']); time.sleep(60)"
    )
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"longer than 0\.5 seconds"):
        extract(file("x"), Kind.TEXT, replace(_SMALL, max_seconds=0.5))
    assert time.monotonic() - started < 5
    running = subprocess.run(["ps", "-eo", "args="], capture_output=True, check=True).stdout.splitlines()
    assert b"sleep 7.77" not in running


def test_memory_is_limited(file: _Write) -> None:
    limits = replace(_SMALL, max_memory_bytes=128 * _MB, max_characters=10**9)
    with pytest.raises(OutOfMemory, match="more than 128 MiB"):
        extract(file("word " * 12_000_000), Kind.TEXT, limits)


def test_a_sheet_that_claims_to_be_gigantic_meets_the_limit(file: _Write) -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        "</sheetData></worksheet>"
    )
    content = files.replaced(files.workbook({"a": [[1]]}), {"xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(OutOfMemory):
        extract(file(content), Kind.XLSX, _SMALL)


def test_too_many_bytes_are_refused_before_a_process_starts(file: _Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_START", "raise SystemExit")
    with pytest.raises(TooLarge, match=r"has 11 bytes; 10 are allowed"):
        extract(file("x" * 11), Kind.TEXT, replace(_SMALL, max_bytes=10))
    with pytest.raises(EmptyDocument):
        extract(file(b""), Kind.TEXT, _SMALL)


def _lying_zip() -> bytes:
    """A word document whose directory says that 64 MB are 64 bytes."""
    size = 64 * _MB
    content = bytearray(files.replaced(files.word_of(""), {"word/media/zeros.png": bytes(size)}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.rfind(mark) + place
        assert content[at : at + 4] == size.to_bytes(4, "little")
        content[at : at + 4] = (64).to_bytes(4, "little")
    return bytes(content)


def _zip_with_a_password() -> bytes:
    content = bytearray(files.word_of("<w:p/>"))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 4)
    return bytes(content)


_LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
_LAUGHING = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{_LAUGHS}]><w>&a9;</w>'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (files.replaced(files.word_of(""), {"word/media/image1.png": bytes(64 * _MB)}), ExpandsTooMuch),
        (_lying_zip(), ExpandsTooMuch),
        (files.replaced(files.word_of(""), {f"word/media/{n}": b"" for n in range(10_001)}), ExpandsTooMuch),
        (files.replaced(files.word_of(""), {"word/document.xml": _LAUGHING}), ExpandsTooMuch),
        (files.replaced(files.word_of(""), {"word/styles.xml": _LAUGHING.encode("utf-16")}), ExpandsTooMuch),
        (files.replaced(files.slides(("a", "b")), {"ppt/slides/slide1.xml": _LAUGHING}), ExpandsTooMuch),
        (files.replaced(files.workbook({"a": [[1]]}), {"xl/sharedStrings.xml": _LAUGHING}), ExpandsTooMuch),
        (files.replaced(files.word_of(""), {"word/document.xml": "<w:p>"}), Broken),
        (files.replaced(files.word_of(""), {"_rels/.rels": "<Relationships/>"}), Broken),
        (_zip_with_a_password(), Encrypted),
        (files.word_of("<w:p/>"), NoText),
        (files.slides(), NoText),
        (files.scanned_pdf(2), NoText),
        (b"<html><body><img src=x></body></html>", NoText),
        (files.word_of("<w:sdt><w:sdtContent>" * 200 + "</w:sdtContent></w:sdt>" * 200), Broken),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_bombs_and_broken_files(file: _Write, content: bytes, error: type[IngestError]) -> None:
    path = file(content)
    with pytest.raises(error) as raised:
        extract(path, detect(path), _SMALL)
    assert str(path) not in raised.value.detail


@pytest.mark.parametrize(
    ("members", "limit"),
    [
        ({"word/media/image1.png": bytes(64 * _MB)}, r"[\d,]+ bytes"),
        ({f"word/{number}": b"" for number in range(10_001)}, "10,000 files"),
    ],
)
def test_who_sent_a_bomb_is_told_the_limit(file: _Write, members: dict[str, bytes], limit: str) -> None:
    path = file(files.replaced(files.word_of(""), members))
    with pytest.raises(ExpandsTooMuch, match=f"more than {limit}"):
        extract(path, Kind.DOCX, _SMALL)


def test_too_much_text_is_refused(file: _Write) -> None:
    limits = replace(_SMALL, max_characters=10_000)
    with pytest.raises(TooMuchText, match="more than 10,000 characters"):
        extract(file("A,B\n" + "x,y\n" * 1_000_000), Kind.CSV, limits)


def test_a_crash_is_a_broken_document(
    file: _Write, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        extraction, "_START", "import os, sys; print('so long', file=sys.stderr, flush=True); os.abort()"
    )
    with pytest.raises(Broken):
        extract(file("x"), Kind.TEXT, _SMALL)
    assert "an extractor crashed" in caplog.text


def test_the_reader_gets_no_environment(file: _Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", "very secret")
    monkeypatch.setattr(
        extraction,
        "_START",
        'import os, json; print(json.dumps(["block", " ".join(os.environ), None, [], False])); print(\'["done", 1]\')',
    )
    assert "SECRET_KEYS" not in extract(file("x"), Kind.TEXT, _SMALL).full_text


def test_the_reader_does_not_load_the_application(file: _Write, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = '\nimport sys; print(" ".join(sys.modules), file=sys.stderr); import os; os.abort()'
    monkeypatch.setattr(extraction, "_START", extraction._START + ending)
    said: list[bytes] = []
    monkeypatch.setattr(extraction, "_end_of", lambda _status, text, _limits: said.append(text) or Broken())
    monkeypatch.setattr(extraction._Answer, "take", lambda _self, _line: None)
    with pytest.raises(Broken):
        extract(file("x"), Kind.TEXT, _SMALL)
    loaded = said[0].decode().split()
    assert "app.ingest.extractor" in loaded
    assert not {"flask", "sqlalchemy", "trafilatura", "pypdfium2", "boto3"} & set(loaded)


def test_several_are_read_at_once(file: _Write) -> None:
    path = file(files.long_pdf(20))
    found: list[Extracted] = []
    threads = [threading.Thread(target=lambda: found.append(extract(path, Kind.PDF, _SMALL))) for _reader in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.full_text for each in found}) == 1


def test_a_daemonic_process_may_read(file: _Write) -> None:
    """Celery's prefork workers are daemonic: they may not have children of multiprocessing."""
    start = extraction._START.partition("from app")[0]
    code = (
        f"{start}import multiprocessing\n"
        "from pathlib import Path\n"
        "from app.ingest.detect import Kind\n"
        "from app.ingest.extract import extract\n"
        "from app.ingest.limits import Limits\n"
        "def work():\n"
        "    print(extract(Path(sys.argv[1]), Kind.TEXT, Limits()).full_text)\n"
        "child = multiprocessing.get_context('fork').Process(target=work, daemon=True)\n"
        "child.start(); child.join()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(extraction._APP), str(file("hello"))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "hello\n"
