"""Reading pages."""

import pytest

from app.ingest.detect import Kind
from app.ingest.errors import Broken
from tests.ingest.files import SENTENCE
from tests.ingest.reading import Collected, Reader

_PAGE = f"""<!doctype html><html><head><meta charset="utf-8"><title>Shop &amp; more</title><style>p {{}}</style></head>
<body><nav><a href="/">Home</a><a href="/p">Products</a></nav><header><h1>Delivery</h1></header>
<main><p>{SENTENCE * 3}</p><h2>Costs</h2><p>They depend on the weight &lt;see below&gt;. {SENTENCE}</p>
<table><tr><th>Zone</th><th>Price</th></tr><tr><td>EU</td><td>5 €</td></tr><tr><td>World</td><td>15 €</td></tr></table>
<h2>Returns</h2><ul><li>Within 30 days</li><li>Unused<ul><li>with label</li></ul></li></ul><p>{SENTENCE}</p></main>
<footer>© ACME, imprint</footer><script>alert(1)</script></body></html>"""


def _text(collected: Collected) -> str:
    return "\n".join(block.text for block in collected.blocks)


def test_main_text_with_headings_tables_and_lists(read: Reader) -> None:
    collected = read(Kind.HTML, _PAGE)
    assert collected.titles == ["Shop & more"]
    assert collected.headings == [("Delivery",), ("Delivery", "Costs"), ("Delivery", "Returns")]
    assert "weight <see below>." in collected.texts[1]
    assert collected.texts[2:4] == [
        "Zone: EU | Price: 5 €\nZone: World | Price: 15 €",
        "- Within 30 days\n- Unused\n  - with label",
    ]
    assert not [word for word in ("Home", "imprint", "alert") if word in _text(collected)]


def test_a_short_page_is_read_as_a_whole(read: Reader) -> None:
    collected = read(Kind.HTML, "<p>Open daily,<br>9 to 17</p><footer>Call <b>+49 1</b></footer>")
    assert collected.texts == ["Open daily,\n9 to 17", "Call +49 1"]


def test_a_page_of_cards_loses_none(read: Reader) -> None:
    cards = "".join(f"<div class=card><h3>Plan {name}</h3><span>{SENTENCE}</span></div>" for name in "ABCDEF")
    collected = read(Kind.HTML, f"<html><body><nav>{'<a>Menu</a>' * 9}</nav><div>{cards}</div></body></html>")
    assert [path[-1] for path in collected.headings] == [f"Plan {name}" for name in "ABCDEF"]
    assert len(collected.texts) == 6


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<template>SECRET</template>",
        "<noscript>SECRET</noscript>",
        "<p hidden>SECRET</p>",
        '<div style="color: red; display: none">SECRET</div>',
        '<span style="visibility:hidden">SECRET</span>',
        '<p style="font-size:0">SECRET</p>',
        "<!-- SECRET -->",
        "<svg><text>SECRET</text></svg>",
        "<textarea>SECRET</textarea>",
    ],
)
def test_what_nobody_sees_is_not_read(read: Reader, hidden: str) -> None:
    for page in (f"<p>Seen</p>{hidden}<p>too</p>", _PAGE.replace("<h2>Costs", f"{hidden}<h2>Costs")):
        text = _text(read(Kind.HTML, page))
        assert "SECRET" not in text
        assert "too" in text or "Costs" in text


def test_spanned_cells_keep_their_columns(read: Reader) -> None:
    rows = [
        "<th>Zone<th>Weight<th>Price",
        "<td rowspan=2>EU<td>1 kg<td>5",
        "<td>2 kg<td>7",
        "<td colspan=2>World<td>15",
    ]
    page = f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    assert read(Kind.HTML, page).texts == [
        "Zone: EU | Weight: 1 kg | Price: 5\nZone: EU | Weight: 2 kg | Price: 7\nZone: World | Price: 15"
    ]


def test_spans_make_no_bomb(read: Reader) -> None:
    row = '<tr><td colspan="1000" rowspan="1000">x</td></tr>'
    assert len(_text(read(Kind.HTML, f"<table>{row * 200}</table>"))) < 100_000


def test_entities_make_no_bomb(read: Reader) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    page = f'<!DOCTYPE html [<!ENTITY a0 "ha">{entities}]><html><body><p>&a9; text</p></body></html>'
    assert len(_text(read(Kind.HTML, page))) < 5_000


def test_deep_nesting_is_survived(read: Reader) -> None:
    assert "in the deep" in _text(read(Kind.HTML, f"{'<div>' * 200}in the deep{'</div>' * 200}"))
    assert "in the deep" in _text(read(Kind.HTML, f"{'<span>' * 1_500}in the deep<button>Ask</button>"))
    with pytest.raises(Broken, match="tags within tags"):  # and not half of it without a word
        read(Kind.HTML, f"<p>before</p>{'<div><span>' * 20_000}in the deep")


@pytest.mark.parametrize("unclosed", ["<font size=2>Line {}.<br>", "<ul><li>Line {}.", "<div><p>Line {}."])
def test_tags_that_are_never_closed_cost_no_text(read: Reader, unclosed: str) -> None:
    page = "".join(unclosed.format(number) for number in range(400))
    text = _text(read(Kind.HTML, f"<h1>Lines</h1>{page}<p>{SENTENCE}</p>"))
    assert [number for number in range(1, 400) if f"Line {number}." not in text] == []
    assert SENTENCE.strip() in text


_QUESTIONS = {
    "details": "<details><summary>Question {0}?</summary><p>{1}</p></details>",
    "headings": "<h3>Question {0}?</h3><p>{1}</p>",
    "buttons": "<h3><button aria-expanded=false><span>Question {0}?</span></button></h3><div><p>{1}</p></div>",
    "text without paragraph": "<details><summary>Question {0}?</summary>{1}</details>",
}


@pytest.mark.parametrize("pattern", _QUESTIONS.values(), ids=_QUESTIONS)
def test_answers_keep_their_questions(read: Reader, pattern: str) -> None:
    page = "".join(pattern.format(number, f"Answer {number}: {SENTENCE}") for number in range(5))
    collected = read(Kind.HTML, f"<h1>Questions</h1>{page}<button>Ask</button>")
    assert [(block.heading_path[-1], block.text[:8]) for block in collected.blocks if not block.is_heading] == [
        (f"Question {number}?", f"Answer {number}") for number in range(5)
    ]


def test_a_hidden_part_within_a_hidden_part_is_hidden(read: Reader) -> None:
    page = f"<p>{SENTENCE}</p><div hidden>secret<div hidden>secret</div>secret</div><p>Seen.</p>"
    assert _text(read(Kind.HTML, page)) == f"{SENTENCE.strip()}\nSeen."


@pytest.mark.parametrize(
    ("encoding", "head", "charset"),
    [
        ("windows-1251", '<meta charset="windows-1251">', None),
        ("windows-1251", "", "windows-1251"),
        ("iso-8859-15", '<meta http-equiv="content-type" content="text/html; charset=iso-8859-15">', None),
        ("utf-16", "", None),
        ("shift_jis", "<meta charset=shift_jis>", None),
    ],
)
def test_declared_encodings(read: Reader, encoding: str, head: str, charset: str | None) -> None:
    text = {"windows-1251": "Привет", "shift_jis": "こんにちは"}.get(encoding, "Grüße")
    page = f"<html><head>{head}</head><body><p>{text}</p></body></html>"
    assert _text(read(Kind.HTML, page.encode(encoding), charset=charset)) == text


def test_an_xml_declaration_is_no_obstacle(read: Reader) -> None:
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Grüße</p></body></html>'
    assert _text(read(Kind.HTML, page)) == "Grüße"


def test_words_of_neighbouring_blocks_stay_apart(read: Reader) -> None:
    assert read(Kind.HTML, "<div>one</div><div>two</div><p>in<b>li</b>ne</p>").texts == ["one", "two", "inline"]


@pytest.mark.parametrize("content", ["", "   "])
def test_nothing_is_broken(read: Reader, content: str) -> None:
    with pytest.raises(Broken):
        read(Kind.HTML, content)
