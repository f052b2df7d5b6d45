"""Reading Markdown."""

from pathlib import Path

import pytest

from app.ingest.detect import Kind
from app.ingest.extract import extract
from app.ingest.limits import Limits
from tests.ingest.reading import Reader

_TEXT = """---
title: "The manual"
---
Before all.

# Prices #

Of tickets,
and of more.

For children
------------
- with a guide
- without

### Deep `code` and [a link](https://x.example)

```python
# no heading

price = 1
```

| Who | Price |
|-----|------:|
| Child | 5 \\| 6 |
| **Adult** | 10 |

## Last
<!-- a remark -->
End.
"""


def test_headings_fences_and_tables(read: Reader) -> None:
    collected = read(Kind.MARKDOWN, _TEXT)
    assert collected.titles == ["The manual", "Prices"]
    assert collected.headings == [
        ("Prices",),
        ("Prices", "For children"),
        ("Prices", "For children", "Deep code and a link"),
        ("Prices", "Last"),
    ]
    assert collected.texts == [
        "Before all.",
        "Of tickets,\nand of more.",
        "- with a guide\n- without",
        "```python\n# no heading\n\nprice = 1\n```",
        "Who: Child | Price: 5 | 6\nWho: Adult | Price: 10",
        "End.",
    ]


def test_a_fence_that_is_never_closed_goes_to_the_end(read: Reader) -> None:
    assert read(Kind.MARKDOWN, "~~~\n# a\n\n# b").texts == ["~~~\n# a\n\n# b"]


def test_a_rule_makes_no_heading_of_a_list(read: Reader) -> None:
    assert read(Kind.MARKDOWN, "- a\n- b\n---\n\ntext").headings == []


def test_windows_line_ends(read: Reader) -> None:
    collected = read(Kind.MARKDOWN, "# A\r\n\r\ntext\r\nmore\r\n")
    assert (collected.headings, collected.texts) == ([("A",)], ["text\nmore"])


def test_code_within_a_text_opens_no_fence(read: Reader) -> None:
    assert read(Kind.MARKDOWN, "```code``` in a text\n\n# Head\n\nmore").headings == [("Head",)]


def test_remarks_and_scripts_of_many_paragraphs_are_not_read(read: Reader) -> None:
    written = "# A\n\n<!-- one\n\ntwo -->seen\n\n<script>\nvar a;\n\nvar b;\n</script>\n\n`<!-- no remark -->`\n\nend"
    assert read(Kind.MARKDOWN, written).texts == ["seen", "`<!-- no remark -->`", "end"]


def test_a_remark_that_never_ends_hides_nothing(read: Reader) -> None:
    assert read(Kind.MARKDOWN, "one <!-- two\n\nthree").texts == ["one <!-- two", "three"]
    assert read(Kind.MARKDOWN, "A --> B <!-- todo\n\nthree").texts == ["A --> B <!-- todo", "three"]


def test_code_ends_no_remark(read: Reader) -> None:
    fence = "```mermaid\nA --> B\n```"
    assert read(Kind.MARKDOWN, f"<!-- todo\n\nbetween\n\n{fence}\n\nend").texts == [
        "<!-- todo",
        "between",
        fence,
        "end",
    ]
    assert read(Kind.MARKDOWN, f"one\n\n<!--\n{fence}\n\nhidden -->\n\nend").texts == ["one", "end"]


def test_a_letter_that_is_longer_in_lower_case_moves_no_end(read: Reader) -> None:
    assert read(Kind.MARKDOWN, "İİİİ açık <!-- x -->Ankara <SCRIPT>a</Script>b").texts == ["İİİİ açık Ankara b"]


def test_entities_end_in_a_semicolon(read: Reader) -> None:
    address = "https://shop.example/?id=1&region=eu&currency=EUR&section=2&timestamp=9&param=1"
    assert read(Kind.MARKDOWN, address).texts == [address]
    assert read(Kind.MARKDOWN, "&reg; &#8364; &#x20AC; &amp;lt; &notit; &#65").texts == ["® € € &lt; &notit; &#65"]


def test_html_is_read_as_such(read: Reader) -> None:
    written = (
        "<h1 align=center>Shop</h1>\n\n<table><tr><th>Plan</th><th>Price</th></tr><tr><td>A</td><td>5</td></tr></table>"
        "\n\nOpen<br>daily, <b>not</b> on `<br>` &amp; 5 &euro; for <your name> and List<String>.\n\n"
        "<details><summary>More</summary>\n\nInside.\n\n</details>"
    )
    collected = read(Kind.MARKDOWN, written)
    assert collected.headings == [("Shop",), ("Shop", "More")]
    assert collected.texts == [
        "Plan: A | Price: 5",
        "Open\ndaily, not on `<br>` & 5 € for <your name> and List<String>.",
        "Inside.",
    ]


def test_pictures_are_what_stands_for_them(read: Reader) -> None:
    picture = f"data:image/png;base64,{'iVBOR' * 5_000}"
    written = f"![Open 9 to 5]({picture}) and [![shown](a.svg)](https://b.example)\n\n[picture1]: <{picture}>\n\nEnd."
    assert read(Kind.MARKDOWN, written).texts == ["Open 9 to 5 and [shown](https://b.example)", "End."]


def test_lines_that_part_a_text_are_no_front_matter(read: Reader) -> None:
    assert "between" in read(Kind.MARKDOWN, "---\n\nbetween\n\n---\n\nafter").texts


@pytest.mark.parametrize(
    "written",
    [
        f"end\n# {'[a](' * 30_000}",
        f"end\n# a{' ' * 200_000}b",
        f"a|b\n-{' ' * 100_000}x",
        "<!--" * 50_000,
        "a <!-- b --> " * 100_000,
        "a line of a paragraph\n" * 100_000,
    ],
    ids=["links", "gap in a heading", "gap in a table", "remarks", "remarks in a line", "lines"],
)
def test_what_never_ends_takes_no_minutes(tmp_path: Path, written: str) -> None:
    (tmp_path / "document").write_text(written)
    assert extract(tmp_path / "document", Kind.MARKDOWN, Limits(max_seconds=30)).blocks
