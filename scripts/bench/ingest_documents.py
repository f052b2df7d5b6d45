"""Documents of any length for benchmarks, as people make them: chapters, paragraphs, lists and tables of figures."""

import os
import random
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docx import Document
from fpdf import FPDF

DEMO = Path(__file__).resolve().parents[2] / "app" / "demo" / "documents"
PAGE_CHARACTERS = 2_500
_LINE_CHARACTERS = 115
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def demo(*endings: str) -> list[Path]:
    """The demo company's documents of these kinds: short, with pictures, tables, columns and fonts of their own."""
    return sorted(path for path in DEMO.iterdir() if path.suffix in endings)


def pdf(path: Path, pages: int) -> Path:
    """A PDF of about 2,500 characters a page, a heading on each."""
    made = FPDF()
    made.set_title(f"Handbook of {pages} pages")
    made.set_auto_page_break(auto=True, margin=10)
    rng = random.Random(pages)
    for number in range(1, pages + 1):
        made.add_page()
        made.set_font("Helvetica", style="B", size=15)
        made.cell(0, 9, f"{number}. {_title(rng)}", new_x="LMARGIN", new_y="NEXT")
        made.set_font("Helvetica", size=9.5)
        for paragraph in _paragraphs(rng, PAGE_CHARACTERS):
            for line in textwrap.wrap(paragraph, _LINE_CHARACTERS):  # fifteen times as fast as FPDF's own
                made.cell(190, 4.3, line, new_x="LMARGIN", new_y="NEXT")
            made.ln(2)
    if made.page_no() != pages:
        raise RuntimeError(f"{made.page_no()} pages came out instead of {pages}")
    made.output(str(path))
    return path


def docx(path: Path, pages: int) -> Path:
    """A DOCX as long as a PDF of so many pages, with headings, and a table in each chapter."""
    made, rng = Document(), random.Random(pages)
    for number in range(1, pages + 1):
        made.add_heading(f"{number}. {_title(rng)}", level=1 if number % 10 == 1 else 2)
        for paragraph in _paragraphs(rng, PAGE_CHARACTERS - 200 * (number % 10 == 1)):
            made.add_paragraph(paragraph)
        if number % 10 == 1:
            table = made.add_table(rows=0, cols=3)
            for _ in range(10):
                cells = table.add_row().cells
                cells[0].text, cells[1].text, cells[2].text = _title(rng), f"{rng.random() * 90:.2f} EUR", "in stock"
    made.save(str(path))
    return path


def heavy_pdf(path: Path, size: int) -> Path:
    """A PDF of two pages and `size` bytes, nearly all of it an attachment that can't be compressed."""
    made = FPDF()
    made.set_font("Helvetica", size=10)
    rng = random.Random(size)
    for _ in range(2):
        made.add_page()
        made.multi_cell(0, 5, "\n".join(_paragraphs(rng, 1_500)))
    made.embed_file(bytes=os.urandom(size - 60_000), basename="measurements.bin", compress=False)
    made.output(str(path))
    return path


def _paragraphs(rng: random.Random, characters: int) -> Iterator[str]:
    left = characters
    while left > 0:
        sentences = [f"{rng.choice(_sentences())}" for _ in range(rng.randint(3, 6))]
        sentences.append(f"See item {rng.randint(1_000, 999_999)}.")
        paragraph = " ".join(sentences)[: max(left, 40)]
        left -= len(paragraph) + 1
        yield paragraph


def _title(rng: random.Random) -> str:
    return " ".join(rng.choice(_sentences()).split()[:6]).rstrip(".,;:?!")


@cache
def _sentences() -> list[str]:
    """Sentences of the demo company's English texts, in the letters that PDF's own fonts have."""
    text = "\n".join(path.read_text() for path in demo(".md", ".txt") if path.stem.endswith("-en"))
    text += re.sub(r"<[^>]*>", " ", "\n".join(path.read_text() for path in demo(".html") if path.stem.endswith("-en")))
    lines = (line for line in text.splitlines() if len(line) > 60)
    found = (" ".join(part.split()) for line in lines for part in _SENTENCE.split(line.lstrip("#-* ")))
    return [part.encode("latin-1", "ignore").decode("latin-1") for part in found if 30 < len(part) < 300]
