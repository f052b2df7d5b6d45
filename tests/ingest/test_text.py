"""Reading plain text, and what all texts have in common."""

import pytest

from app.ingest.blocks import full_text
from app.ingest.detect import Kind
from app.ingest.sink import clean
from tests.ingest.reading import Reader


def test_empty_lines_part_paragraphs(read: Reader) -> None:
    collected = read(Kind.TEXT, "One\nline.\r\n\r\n  \n\nTwo.\n\n\n\nThree.\n")
    assert collected.texts == ["One\nline.", "Two.", "Three."]
    assert full_text(collected.blocks) == "One\nline.\n\nTwo.\n\nThree."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Grüße aus Köln", "utf-8"),
        ("Grüße aus Köln", "utf-8-sig"),
        ("Grüße aus Köln", "utf-16"),
        ("Grüße aus Köln", "utf-16-be"),
        ("Grüße aus Köln", "utf-32"),
        ("Grüße aus Köln: 5 € für Sie", "cp1252"),
        ("Добро пожаловать в нашу компанию, мы отвечаем на все вопросы посетителей сайта быстро.", "cp1251"),
        ("我们的前台在几秒钟内回答访客提出的问题，并且说明每一个答案来自哪一份文件。", "gb18030"),
        ("مرحبا بالعالم، نحن نجيب على أسئلة الزوار", "utf-8"),
    ],
)
def test_encodings_are_found_out(read: Reader, text: str, encoding: str) -> None:
    assert read(Kind.TEXT, text.encode(encoding)).texts == [text]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_first_letter_that_is_not_ascii_may_come_late(read: Reader, encoding: str) -> None:
    plain, last = "All of it is plain English. " * 5_000, "The café’s “small” cup costs £3."
    assert read(Kind.TEXT, f"{plain}\n\n{last}".encode(encoding)).texts[-1] == last


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("El señor Muñoz abre la tienda de Málaga a las nueve de la mañana.", "cp1252"),
        ("Año nuevo: cerrado. Mañana abrimos a las diez.", "cp1252"),
        ("«Été» à Noël: livraison gratuite dès 50 €, cœur léger.", "cp1252"),
        ("A devolução é possível até trinta dias após a recepção.", "cp1252"),
        ("La garanzia è valida per due anni, perché è così. Più informazioni in città.", "cp1252"),
        ("Öppettider: måndag till fredag från åtta till fem.", "cp1252"),
        ("Maß;Preis\nGröße;12 €\nMüller;10–20 €\n", "cp1252"),
        ("Größe und Länge, Öffnungszeiten, Straße.", "mac-roman"),
        ("Sklep jest otwarty od poniedziałku do piątku. Zażółć gęślą jaźń.", "cp1250"),
        ("Sklep jest otwarty od poniedziałku do piątku. Zażółć gęślą jaźń.", "iso8859-2"),
        ("Ürünler otuz gün içinde iade edilebilir. Şeker ve ığdır.", "cp1254"),
        ("Prekes galima grąžinti per trisdešimt dienų. Ačiū už šį.", "cp1257"),
        ("Магазин открыт с девяти утра до восьми вечера.", "koi8-r"),
        ("Το κατάστημα είναι ανοιχτό από Δευτέρα έως Παρασκευή.", "cp1253"),
        ("当店の営業時間は午前九時から午後六時までです。", "shift_jis"),
        ("当店の営業時間は午前九時から午後六時までです。", "euc_jp"),
        ("本店营业时间为每天上午九点到下午六点。", "gb18030"),
        ("本店營業時間為每天上午九點到下午六點。", "big5"),
        ("저희 매장은 평일 오전 아홉 시부터 영업합니다.", "euc_kr"),
    ],
)
def test_what_windows_and_macs_wrote_keeps_its_letters(read: Reader, text: str, encoding: str) -> None:
    assert read(Kind.TEXT, text.encode(encoding)).texts == [text.strip()]


@pytest.mark.parametrize("content", [b"\xff", b"a\x81", b"\xe9", b"1 \x80 2", bytes(range(0x80, 0x100)) * 3])
def test_bytes_that_are_no_text_in_any_encoding_do_no_harm(read: Reader, content: bytes) -> None:
    assert read(Kind.TEXT, content + b" and a word").texts


def test_a_declared_encoding_counts_where_the_content_does_not_say(read: Reader) -> None:
    assert read(Kind.TEXT, "Łódź".encode("iso8859-2"), charset="ISO-8859-2").texts == ["Łódź"]
    assert read(Kind.TEXT, "Łódź".encode(), charset="ISO-8859-2").texts == ["Łódź"]
    assert read(Kind.TEXT, "Grüße".encode("cp1252"), charset="no-such-thing").texts == ["Grüße"]


@pytest.mark.parametrize(
    ("text", "ending"), [("word. " * 20_000, "word."), ("line\n" * 20_000, "line"), ("x" * 100_000, "x")]
)
def test_a_very_long_paragraph_becomes_several_blocks(read: Reader, text: str, ending: str) -> None:
    texts = read(Kind.TEXT, text).texts
    assert len(texts) > 4
    assert all(len(each) <= 20_000 and each.endswith(ending) for each in texts)
    assert len("".join("".join(texts).split())) == len("".join(text.split()))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\0b\x07c", "abc"),
        ("sur\ud800rogate", "surrogate"),
        ("soft\u00adhyphen", "softhyphen"),
        ("e\u0301", "é"),
        ("\ufb01ne \ufe8d\ufedf", "fine ال"),
        ("  a  \n\n\n\n b\t", "a\n\n b"),
        ("a\u2028b\x85c\x0cd", "a\nb\nc\nd"),
        ("non\xa0breaking", "non breaking"),
        ("mi\u200cxed 😀 👩\u200d💻", "mi\u200cxed 😀 👩\u200d💻"),
    ],
)
def test_texts_are_cleaned(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_files_that_are_written_out_in_a_text_are_left_out(read: Reader) -> None:
    picture = f"data:image/png;base64,{'iVBORw0K' * 20_000}="
    collected = read(Kind.TEXT, f"before {picture} after data:text/plain;base64,QQ==")
    assert collected.texts == ["before  after data:text/plain;base64,QQ=="]
