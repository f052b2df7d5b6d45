"""Answers made of the documents' own sentences."""

import json
from pathlib import Path

import pytest

from app.ai.evidence import FLOOR, Evidence
from app.ai.extractive import Extract, Passage, extract, select_quote
from app.ai.local_model import LocalEmbedder
from app.ai.ranking import NOTHING_FOUND, Found, ranked

# The first test that embeds builds the model (2 s) and loads it.
pytestmark = pytest.mark.slow

HOTEL = Path(__file__).parents[2] / "scripts" / "bench" / "calibration" / "hotel_en.json"
PROCEDURE = (
    "7 Returns\nGoods can be sent back within 30 days.\n1. Sign in and open your orders.\n2. Choose what you return.\n"
    "3. Print the label. Stick it on the box.\nRefunds take five days."
)
DOCTORS = [("Amara", "Monday"), ("Lind", "Thursday"), ("Okoro", "Friday")]
TORQUES = (
    "Tightening\n\nBolt Tool Torque\nStem to fork 5 mm hex 6 Nm\nHandlebar clamp 4 mm hex 5 Nm\nSaddle 6 mm hex 12 Nm"
)
PRICES = (
    "Our prices:\n\n| Bike | Day | Week |\n|---|---|---|\n| City bike | 15 € | 70 € |\n| Cargo bike | 49 € | 240 € |"
)


def ask(embedder: LocalEmbedder, question: str, texts: list[str], language: str = "en", title: str = "") -> Extract:
    cosines = embedder.embed_passages(texts) @ embedder.embed_question(question, language)
    found = [Found(text, float(cosine), "en") for text, cosine in zip(texts, cosines, strict=True)]
    ranking = ranked(question, language, found)
    passages = [Passage(at, texts[at], score, title=title, language="en") for at, score in ranking.order[:8]]
    return extract(question, passages, ranking.standing, language=language, embedder=embedder)


@pytest.fixture(scope="module")
def hotel() -> list[str]:
    lines = json.loads(HOTEL.read_text())["documents"]["hotel.md"]
    return "\n".join(lines).removeprefix("## ").replace("\n\n## ", "\0").replace("\n\n", "\n").split("\0")


@pytest.mark.parametrize(
    ("question", "language", "answer"),
    [
        ("What does breakfast cost?", "en", "16 euros per person"),
        ("May I bring my dog?", "en", "Dogs are welcome"),
        ("How much is an extra bed for my 9 year old?", "en", "25 euros a night"),
        ("Wie viel kostet das Frühstück?", "de", "16 euros per person"),
        ("¿Aceptan perros?", "es", "Dogs are welcome"),
    ],
)
def test_quotes_the_sentence_that_answers(
    embedder: LocalEmbedder, hotel: list[str], question: str, language: str, answer: str
) -> None:
    found = ask(embedder, question, hotel, language)
    assert found.answered
    assert answer in " ".join(each.text for each in found.sentences)


def test_a_row_of_a_table_is_quoted_whole(embedder: LocalEmbedder) -> None:
    rows = [f"name: Dr. {who} | day: {day} | room: {at}. floor" for at, (who, day) in enumerate(DOCTORS, start=1)]
    found = ask(embedder, "Which day does Dr. Lind see patients?", ["\n".join(rows)])
    assert found.sentences[0].text == rows[1]


@pytest.mark.parametrize("code", ["14", "17", "24"])
def test_a_row_about_the_code_that_is_asked_for_comes_before_its_like(embedder: LocalEmbedder, code: str) -> None:
    faults = {"14": "Sensor zero point", "17": "Motor too hot", "24": "Gear sensor", "33": "Software", "51": "Service"}
    rows = [f"Code: {number} | Meaning: {fault} | What to do: Workshop" for number, fault in faults.items()]
    # A number in the heading is in every row's words.
    found = ask(embedder, f"What does error {code} on my bike mean?", rows, title=f"{code} Error messages")
    assert [each.text for each in found.sentences] == [row for row in rows if row.startswith(f"Code: {code} ")]


def test_a_row_of_a_printed_table_is_quoted_below_the_names_of_its_columns(embedder: LocalEmbedder) -> None:
    found = ask(embedder, "Which torque does the handlebar clamp need?", [TORQUES])
    assert [each.text for each in found.sentences[:2]] == ["Bolt Tool Torque", "Handlebar clamp 4 mm hex 5 Nm"]


def test_the_names_of_columns_alone_are_no_answer(embedder: LocalEmbedder) -> None:
    found = ask(embedder, "bolt tool torque", [TORQUES])
    assert any(char.isdigit() for char in found.sentences[-1].text)


def test_quotes_a_short_sentence_with_what_its_paragraph_goes_on_to_say(embedder: LocalEmbedder) -> None:
    text = (
        "Spare batteries\nSpare batteries go by road and cost 12 € more. They can't be sent to islands.\n"
        "8 Repairs\nThe workshop is open on weekdays."
    )
    found = ask(embedder, "What does shipping a spare battery cost?", [text])
    assert [each.text for each in found.sentences] == [
        "Spare batteries go by road and cost 12 € more. They can't be sent to islands."
    ]


def test_a_thai_paragraph_is_quoted_from_the_sentence_that_answers(embedder: LocalEmbedder) -> None:
    text = (
        "ยกเลิกก่อนวันเข้าพักเจ็ดวันขึ้นไปคืนเงินเต็มจำนวน ยกเลิกน้อยกว่าเจ็ดวันคืนเงินครึ่งหนึ่ง "
        "ยกเลิกภายในยี่สิบสี่ชั่วโมงไม่คืนเงิน เงินคืนจะโอนเข้าบัญชีภายในสิบวันทำการ"
    )
    found = ask(embedder, "เงินคืนจะเข้าบัญชีเมื่อไร", [text, "ที่จอดรถฟรีสำหรับแขกทุกท่าน"], "th")
    assert found.sentences[0].text == "เงินคืนจะโอนเข้าบัญชีภายในสิบวันทำการ"
    whole = ask(embedder, "ยกเลิกก่อนวันเข้าพักเจ็ดวันคืนเงินเต็มจำนวนไหม", [text], "th").sentences[0].text
    assert whole.startswith("ยกเลิกก่อนวันเข้าพักเจ็ดวันขึ้นไปคืนเงินเต็มจำนวน ยกเลิกน้อยกว่า")


@pytest.mark.parametrize(("question", "answered"), [("1234", False), ("W8 1234 xyzzy", False), ("breakfast", True)])
def test_a_question_without_a_word_of_the_documents_is_not_answered(
    embedder: LocalEmbedder, hotel: list[str], question: str, answered: bool
) -> None:
    assert ask(embedder, question, hotel).answered is answered


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who won the world cup in 2018?", "en"),
        ("Can I pay with Bitcoin?", "en"),
        ("Haben Sie einen Pool?", "de"),
        ("asdf", "en"),
    ],
)
def test_says_so_when_nothing_answers(embedder: LocalEmbedder, hotel: list[str], question: str, language: str) -> None:
    found = ask(embedder, question, hotel, language)
    assert not found.answered
    assert found.confidence < 0.5


def test_quotations_are_the_passages_own_words(embedder: LocalEmbedder, hotel: list[str]) -> None:
    for each in ask(embedder, "When is the sauna open?", hotel).sentences:
        assert " ".join(hotel[each.passage_index][each.start : each.end].split()) == each.text


def test_the_same_sentence_is_quoted_once(embedder: LocalEmbedder) -> None:
    text = "The sauna opens at 4 p.m. and closes at 10 p.m."
    assert len(ask(embedder, "When does the sauna open?", [text, f"{text} ", text]).sentences) == 1


def test_a_heading_or_question_is_no_answer(embedder: LocalEmbedder) -> None:
    text = "4.1 Battery range\nHow far does a full battery take me?\nUp to 80 km in eco mode."
    found = ask(embedder, "How far does a full battery take me?", [text])
    assert [each.text for each in found.sentences] == ["Up to 80 km in eco mode."]


def test_a_procedure_is_quoted_whole(embedder: LocalEmbedder) -> None:
    found = ask(embedder, "What are the steps to return something, where do I sign in?", [PROCEDURE])
    steps = next(each for each in found.sentences if "Sign in" in each.text)
    assert "Choose what you return. 3. Print the label. Stick it on the box." in steps.text
    assert "Refunds" not in steps.text


def test_a_table_row_comes_with_its_head(embedder: LocalEmbedder) -> None:
    found = ask(embedder, "How much is the cargo bike for a week?", [PRICES])
    texts = [each.text for each in found.sentences]
    assert "| Bike | Day | Week |" in texts
    assert "| Cargo bike | 49 € | 240 € |" in texts


def test_a_sentence_that_points_back_brings_the_one_before(embedder: LocalEmbedder) -> None:
    text = "The sauna is on the fifth floor. It opens at 4 p.m. every day."
    found = ask(embedder, "At what time does it open?", [text])
    assert text in [each.text for each in found.sentences]


def test_an_opening_line_brings_its_list(embedder: LocalEmbedder) -> None:
    text = "Please bring these documents to the appointment:\n- passport\n- proof of address\n\nWe look forward to you."
    found = ask(embedder, "Which documents should I bring to the appointment?", [text])
    assert "Please bring these documents to the appointment: - passport - proof of address" in [
        each.text for each in found.sentences
    ]


@pytest.mark.parametrize(("question", "texts"), [("", ["A sentence."]), ("Anything?", []), ("Anything?", ["", " \n "])])
def test_nothing_comes_of_nothing(embedder: LocalEmbedder, question: str, texts: list[str]) -> None:
    passages = [Passage(number, text, 1.0) for number, text in enumerate(texts)]
    found = extract(question, passages, NOTHING_FOUND, language="en", embedder=embedder)
    assert (found.answered, found.confidence, found.sentences) == (False, 0.0, ())


def test_embeds_few_sentences_of_long_passages(embedder: LocalEmbedder) -> None:
    class Counting:
        model, dimension, max_tokens = embedder.model, embedder.dimension, embedder.max_tokens
        embedded = 0

        def embed_queries(self, texts: list[str]) -> object:
            self.embedded += len(texts)
            return embedder.embed_queries(texts)

        def embed_passages(self, texts: list[str]) -> object:
            self.embedded += len(texts)
            return embedder.embed_passages(texts)

    counting = Counting()
    passages = [Passage(at, f"Sentence about rooms {at}. " * 40, 1.0) for at in range(8)]
    extract("Which rooms?", passages, NOTHING_FOUND, language="en", embedder=counting)  # type: ignore[arg-type]
    assert counting.embedded == 17


def test_hostile_text_does_no_harm(embedder: LocalEmbedder) -> None:
    passages = [Passage(0, "\ud800\0 | | |\n- \n1.\n:\n" + "x" * 5_000, 1.0)]
    extract("\ud800 why\0?", passages, NOTHING_FOUND, language="xx", embedder=embedder)


def test_selects_the_quote_that_supports_a_statement(hotel: list[str]) -> None:
    span = select_quote("An extra bed is 25 euros a night.", hotel[8], "en")
    assert span.of(hotel[8]) == "Cots are free; an extra bed for older children is 25 euros a night."


def test_selects_two_sentences_when_both_support_it(hotel: list[str]) -> None:
    span = select_quote("Tram 4 takes 12 minutes, and the shuttle from the airport costs 22 euros.", hotel[9], "en")
    assert span.of(hotel[9]).startswith("From the central station") and span.of(hotel[9]).endswith("a day ahead.")


def test_selects_across_languages_with_an_embedder(embedder: LocalEmbedder, hotel: list[str]) -> None:
    span = select_quote("Hunde dürfen nicht in den Frühstücksraum.", hotel[4], "de", embedder=embedder)
    assert span.of(hotel[4]) == "Dogs may not enter the breakfast room."


def test_always_selects_something() -> None:
    assert select_quote("Unrelated", "One. Two.", "en").of("One. Two.") == "One."
    assert select_quote("Anything", "", "en") == select_quote("", " ", "en")


def evidence(*, unknown: float, mixed: bool) -> Evidence:
    return Evidence(
        sentence=0.9,
        echo=0.93,
        nearest=0.06,
        spread=2.5,
        margin=2.5,
        overlap=0.0,
        lead=0.1,
        unknown=unknown,
        foreign=False,
        mixed=mixed,
    )


def test_words_that_are_nowhere_prove_nothing_where_documents_are_in_other_languages() -> None:
    assert evidence(unknown=1.0, mixed=False).confidence == 0
    assert evidence(unknown=1.0, mixed=True).confidence > FLOOR
    assert evidence(unknown=1.0, mixed=True).confidence < evidence(unknown=0.5, mixed=True).confidence
