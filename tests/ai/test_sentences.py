"""Finding sentences."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ai.sentences import MAX_CHARACTERS, Span, is_heading, is_list_item, is_numbered_item, split


def texts(text: str, language: str = "en") -> list[str]:
    return [span.of(text) for span in split(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "Dr. Smith is in at 3 p.m. on Monday. Is he? Yes!",
            ["Dr. Smith is in at 3 p.m. on Monday.", "Is he?", "Yes!"],
        ),
        ("zh", "酒店在市中心。提供停车位！有吗？是", ["酒店在市中心。", "提供停车位！", "有吗？", "是"]),
        ("hi", "दुकान खुली है। वह बंद है। क्या?", ["दुकान खुली है।", "वह बंद है।", "क्या?"]),
        ("ar", "ما هذا؟ نعم. لا!", ["ما هذا؟", "نعم.", "لا!"]),
        ("und", "One. Two.", ["One.", "Two."]),
    ],
)
def test_splits_at_the_ends_of_sentences(language: str, text: str, expected: list[str]) -> None:
    assert texts(text, language) == expected


def test_thai_and_lao_sentences_end_at_blanks() -> None:
    assert texts("เช็คเอาต์ก่อนเวลาสิบเอ็ดโมงเช้า การเช็คเอาต์ล่าช้ามีค่าใช้จ่ายชั่วโมงละสองร้อยบาท", "th") == [
        "เช็คเอาต์ก่อนเวลาสิบเอ็ดโมงเช้า",
        "การเช็คเอาต์ล่าช้ามีค่าใช้จ่ายชั่วโมงละสองร้อยบาท",
    ]
    lao = ["ຮ້ານເປີດແຕ່ເກົ້າໂມງເຊົ້າເຖິງຫົກໂມງແລງ", "ວັນອາທິດປິດຕະຫຼອດມື້ສຳລັບທຸກຄົນ"]
    assert texts(" ".join(lao), "lo") == lao


@pytest.mark.parametrize(
    "text",
    [
        "ค่าห้องสำหรับแขกสองท่านคืนละ 1,200 บาทรวมอาหารเช้าและภาษีแล้ว",
        "มีเครื่องดื่มและขนมต่าง ๆ ให้บริการแก่แขกทุกท่านตลอดทั้งวัน",
        "มีไวไฟฟรี รหัสผ่านอยู่ที่ด้านหลังบัตรกุญแจของแขกแต่ละท่าน",
        "ห้องพักของโรงแรมริมแม่น้ำเจ้าพระยา Riverside House มีวิวสวยงามมาก",
    ],
)
def test_a_thai_sentence_goes_on_around_numbers_signs_names_and_few_words(text: str) -> None:
    assert texts(text, "th") == [text]


def test_headings_items_and_rows_stand_alone() -> None:
    text = "# Opening hours\n\nWe are open\n- Parking: free\n2) Pool\n| Day | Hours |\n|---|---|\n| Mon | 9. to 17 |\n"
    assert texts(text) == [
        "Opening hours",
        "We are open",
        "Parking: free",
        "Pool",
        "| Day | Hours |",
        "| Mon | 9. to 17 |",
    ]


def test_a_row_stays_whole_whatever_is_in_its_cells() -> None:
    rows = [
        "name: Dr. Lind | room: 2. floor | note: closed. Ring twice.",
        "name: Dr. Amara | room: 1. floor, on the left",
    ]
    assert texts("\n".join(rows)) == rows


def test_a_long_row_is_cut_between_cells() -> None:
    row = " | ".join(f"Column {at}: some words, and others" for at in range(20))
    assert all(part.startswith("Column") for part in texts(row))


def test_a_line_broken_by_the_page_goes_on() -> None:
    text = "This line of running text was broken by the width of\nthe page and goes on. Next one.\nAnother."
    assert texts(text) == [
        "This line of running text was broken by the width of\nthe page and goes on.",
        "Next one.",
        "Another.",
    ]


def test_a_number_belongs_to_what_it_numbers() -> None:
    assert texts("Do this: first. 2. Come by.") == ["Do this: first.", "2. Come by."]


def test_long_sentences_are_cut_between_clauses_or_words() -> None:
    clauses = "a clause of some words, " * 40
    parts = texts(clauses)
    assert all(len(part) <= MAX_CHARACTERS and part.endswith(",") for part in parts)
    assert texts("x" * 1000) == ["x" * 400, "x" * 400, "x" * 200]


@given(text=st.text(max_size=300), language=st.sampled_from(["en", "zh", "ar", "th", "und", "xx"]))
def test_spans_lie_in_order_in_any_text(text: str, language: str) -> None:
    spans = split(text, language)
    assert all(span.of(text).strip() == span.of(text) != "" for span in spans)
    assert all(first.end <= second.start for first, second in pairwise(spans))


@pytest.mark.parametrize(
    "text", ["word " * 50_000, "x" * 200_000, "\n" * 200_000, "a. " * 60_000, "- \n" * 60_000, "ก " * 100_000]
)
def test_hostile_texts_are_split_quickly(text: str) -> None:
    started = time.process_time()
    split(text, "en")
    assert time.process_time() - started < 2


def test_tells_items_steps_and_headings() -> None:
    text = "4.2 Brakes\n1. Open it.\n- Close it.\nRunning text."
    heading, step, item, running = split(text, "en")
    assert is_heading(text, heading, ()) and not is_heading(text, running, ())
    assert is_numbered_item(text, step) and not is_numbered_item(text, item)
    assert is_list_item(text, item) and not is_list_item(text, running)
    assert is_heading(text, running, {"Running text."})


def test_a_span_names_part_of_a_text() -> None:
    assert Span(2, 4).of("abcdef") == "cd"
