"""Terms of a question."""

import pytest

from app.ai.terms import TextWords, content_terms, overlap, weights


@pytest.mark.parametrize(
    ("language", "question", "terms"),
    [
        ("en", "What does the breakfast cost?", ["breakfast", "cost"]),
        ("de", "Gibt es bei Ihnen einen Parkplatz?", ["ihnen", "parkplatz"]),
        ("zh", "有停车位吗", ["有停", "停车", "车位", "位吗"]),
        ("hi", "क्या डिलीवरी मुफ़्त है?", ["डिलीवरी", "मुफ़्त"]),
        ("xx", "a b 7", ["7"]),
    ],
)
def test_frequent_words_are_no_terms(language: str, question: str, terms: list[str]) -> None:
    assert content_terms(question, language) == terms


@pytest.mark.parametrize(
    ("text", "term"),
    [("Reservations are free", "reservation"), ("في المكتبة", "مكتبة"), ("Parkplätze", "Parkplatz".lower())],
)
def test_inflected_words_are_found(text: str, term: str) -> None:
    assert TextWords(text).has(term)


@pytest.mark.parametrize(("text", "term"), [("12345 km", "12346"), ("Cat food", "car"), ("international", "internet")])
def test_other_words_are_not(text: str, term: str) -> None:
    assert not TextWords(text).has(term)


def test_words_of_all_texts_weigh_least() -> None:
    texts = [TextWords("hotel pool"), TextWords("hotel sauna"), TextWords("hotel bar")]
    found = weights(["hotel", "pool", "gym"], texts)
    assert found["hotel"] < found["pool"] < found["gym"]


def test_overlap_is_a_share_by_weight() -> None:
    assert overlap({"hotel": 1.0, "pool": 3.0}, TextWords("a pool")) == 0.75
    assert overlap({}, TextWords("a pool")) == 0.0
