"""Reading Markdown."""

from app.ingest.detect import Kind
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
