"""Reading Word documents."""

import docx

from app.ingest.detect import Kind
from tests.ingest import files
from tests.ingest.reading import Reader


def _runs(*parts: str) -> str:
    return f"<w:p>{''.join(parts)}</w:p>"


def _run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def test_headings_lists_and_tables(read: Reader) -> None:
    document = docx.Document()
    document.core_properties.title = "The manual"
    document.add_heading("Prices", 1)
    document.add_paragraph("Fish & chips <fresh>\tdaily")
    document.add_heading("Of tickets", 2)
    document.add_paragraph("With a guide", style="List Bullet")
    document.add_paragraph("Without one", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Who", "Price", "Child", "5 €"), strict=True):
        cell.text = text
    collected = read(Kind.DOCX, files.word(document))
    assert collected.titles == ["The manual"]
    assert collected.headings == [("Prices",), ("Prices", "Of tickets")]
    assert collected.texts == [
        "Fish & chips <fresh>\tdaily",
        "- With a guide\n- Without one",
        "Who: Child | Price: 5 €",
    ]
    assert {block.page for block in collected.blocks} == {None}


def test_the_title_of_the_page_stands_above_its_headings(read: Reader) -> None:
    document = docx.Document()
    document.add_heading("Manual", 0)
    document.add_heading("Prices", 1)
    collected = read(Kind.DOCX, files.word(document))
    assert collected.headings == [("Manual",), ("Manual", "Prices")]


def test_what_a_reader_sees_of_tracked_changes(read: Reader) -> None:
    body = _runs(
        _run("Open "), f"<w:ins>{_run('daily')}</w:ins>", "<w:del><w:r><w:delText>never</w:delText></w:r></w:del>"
    )
    assert read(Kind.DOCX, files.word_of(body)).texts == ["Open daily"]


def test_hidden_text_is_not_read(read: Reader) -> None:
    body = _runs(_run("Seen"), _run("Hidden", "<w:rPr><w:vanish/></w:rPr>"))
    assert read(Kind.DOCX, files.word_of(body)).texts == ["Seen"]


_NOT_HIDDEN = '<w:rPr><w:vanish w:val="0"/></w:rPr>'
_HIDING = """<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Inner"><w:name w:val="Inner"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Heir"><w:name w:val="Heir"/><w:basedOn w:val="Inner"/></w:style></w:styles>"""


def test_text_that_a_style_hides_is_not_read(read: Reader) -> None:
    body = (
        _runs(_run("Seen"), _run("Hidden", '<w:rPr><w:rStyle w:val="Secret"/></w:rPr>'))
        + _runs('<w:pPr><w:pStyle w:val="Inner"/></w:pPr>', _run("Hidden"))
        + _runs('<w:pPr><w:pStyle w:val="Heir"/></w:pPr>', _run("Hidden"), _run("Shown", _NOT_HIDDEN))
    )
    document = files.word_of(body, parts={"word/styles.xml": _HIDING})
    assert read(Kind.DOCX, document).texts == ["Seen", "Shown"]


def test_rows_that_are_deleted_are_not_read(read: Reader) -> None:
    def row(text: str, properties: str = "") -> str:
        return f"<w:tr>{properties}<w:tc>{_runs(_run(text))}</w:tc><w:tc>{_runs(_run('5 €'))}</w:tc></w:tr>"

    body = f"<w:tbl>{row('Child')}{row('Dog', '<w:trPr><w:del/></w:trPr>')}{row('Adult')}</w:tbl>"
    assert read(Kind.DOCX, files.word_of(body)).texts == ["Child | 5 €\nAdult | 5 €"]


def test_text_boxes_within_text_boxes_are_read_once(read: Reader) -> None:
    deepest = 30  # each one twice would be a billion
    opened, closed = "<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"
    body = f"{opened * deepest}{_runs(_run('In'))}{closed * deepest}"
    assert read(Kind.DOCX, files.word_of(body)).texts == ["In"]


def test_a_text_box_is_read_once(read: Reader) -> None:
    box = f"<w:txbxContent>{_runs(_run('In a box'))}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    assert read(Kind.DOCX, files.word_of(_runs(_run("Beside"), f"<w:r>{both}</w:r>"))).texts == ["Beside", "In a box"]


def test_a_text_box_in_a_cell_is_read_once(read: Reader) -> None:
    box = f"<w:txbxContent>{_runs(_run('In a box'))}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    cells = [_runs(_run("Beside")), _runs(f"<w:r>{both}</w:r>")]
    row = f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"
    assert read(Kind.DOCX, files.word_of(f"<w:tbl>{row}</w:tbl>")).texts == ["Beside | In a box"]


def test_content_controls_are_read(read: Reader) -> None:
    inner = f"<w:sdt><w:sdtPr><w:alias/></w:sdtPr><w:sdtContent>{_runs(_run('Inside'))}</w:sdtContent></w:sdt>"
    inline = _runs(f"<w:sdt><w:sdtContent>{_run('Inline')}</w:sdtContent></w:sdt>")
    assert read(Kind.DOCX, files.word_of(inner + inline)).texts == ["Inside", "Inline"]


def test_formulas_are_read(read: Reader) -> None:
    space = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    formula = f'<m:oMath xmlns:m="{space}"><m:r><m:t>p=2.5 bar</m:t></m:r></m:oMath>'
    assert read(Kind.DOCX, files.word_of(_runs(_run("Pressure: ") + formula))).texts == ["Pressure: p=2.5 bar"]


def test_nested_and_merged_cells(read: Reader) -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{_runs(_run(text))}</w:tc>"

    nested = f"<w:tc><w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr></w:tbl></w:tc>"
    rows = [
        cell("Zone") + cell("Price") + cell("Note"),
        cell("EU", '<w:vMerge w:val="restart"/>') + cell("5") + nested,
        cell("", "<w:vMerge/>") + cell("7", '<w:gridSpan w:val="2"/>'),
    ]
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    assert read(Kind.DOCX, files.word_of(table)).texts == ["Zone: EU | Price: 5 | Note: a b\nZone: EU | Price: 7"]


def test_a_table_of_one_column_is_a_frame(read: Reader) -> None:
    rows = "".join(f"<w:tr><w:tc>{_runs(_run(text))}</w:tc></w:tr>" for text in ("First", "Second"))
    assert read(Kind.DOCX, files.word_of(f"<w:tbl>{rows}</w:tbl>")).texts == ["First", "Second"]


def test_pages_are_those_that_word_left_marks_of(read: Reader) -> None:
    mark = "<w:r><w:lastRenderedPageBreak/></w:r>"
    body = _runs(_run("One")) + _runs(mark, _run("Two")) + _runs(_run("Still two"), mark, _run(" and three"))
    collected = read(Kind.DOCX, files.word_of(body + _runs(_run("Three"))))
    assert [(block.text, block.page) for block in collected.blocks] == [
        ("One", 1),
        ("Two", 2),
        ("Still two and three", 2),
        ("Three", 3),
    ]
    assert collected.page_count == 3


def test_numbers_of_headings_are_counted_as_word_does(read: Reader) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, (kind, text) in enumerate([("upperRoman", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "%3)")])
    )
    numbering = (
        '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f'<w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>'
        '<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>'
    )

    def numbered(style: str, level: int, text: str) -> str:
        place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="3"/></w:numPr>'
        return _runs(f'<w:pPr><w:pStyle w:val="{style}"/>{place}</w:pPr>', _run(text))

    body = (
        numbered("Heading1", 0, "Prices")
        + numbered("Heading2", 1, "Children")
        + numbered("Normal", 2, "under six")
        + numbered("Normal", 2, "under twelve")
        + numbered("Heading1", 0, "Hours")
        + numbered("Heading2", 1, "Winter")
    )
    collected = read(Kind.DOCX, files.word_of(body, parts={"word/numbering.xml": numbering}))
    assert [path[-1] for path in collected.headings] == ["I. Prices", "I.1 Children", "II. Hours", "II.1 Winter"]
    assert collected.texts == ["    a) under six\n    b) under twelve".strip()]


def test_the_table_of_contents_is_not_read(read: Reader) -> None:
    document = docx.Document()
    document.styles.add_style("TOC 1", 1)
    document.add_paragraph("Prices\t2", style="TOC 1")
    document.add_paragraph("Text")
    assert read(Kind.DOCX, files.word(document)).texts == ["Text"]


def _footnotes(notes: str) -> dict[str, str]:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r9" Type="{kind}/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    footnotes = f"<w:footnotes {space}>{notes}</w:footnotes>"
    return {"word/footnotes.xml": footnotes, "word/_rels/document.xml.rels": relations}


def test_footnotes_stand_where_they_are_referred_to(read: Reader) -> None:
    parts = _footnotes(f'<w:footnote w:id="2">{_runs(_run("except in May"))}</w:footnote>')
    body = _runs(_run("Open daily"), '<w:r><w:footnoteReference w:id="2"/></w:r>', _run("."))
    assert read(Kind.DOCX, files.word_of(body, parts=parts)).texts == ["Open daily (except in May)."]


def test_a_footnote_that_refers_to_itself_is_read_once(read: Reader) -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    parts = _footnotes(f'<w:footnote w:id="2">{_runs(_run("see"), reference)}</w:footnote>')
    assert read(Kind.DOCX, files.word_of(_runs(_run("Open"), reference), parts=parts)).texts == ["Open (see)"]
