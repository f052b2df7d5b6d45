"""The order of what was found."""

import pytest

from app.ai.ranking import USUAL_NEAREST, USUAL_SPREAD, Found, ranked


def order(question: str, found: list[Found], language: str = "en") -> list[int]:
    return [at for at, _ in ranked(question, language, found).order]


def test_words_and_nearness_both_count() -> None:
    found = [Found("Trams run all night.", 0.84, "en"), Found("The sauna opens at four.", 0.83, "en")]
    found += [Found("We like dogs.", 0.80, "en")]
    assert order("When does the sauna open?", found) == [1, 0, 2]


def test_a_passage_in_another_language_is_compared_with_its_own_kind() -> None:
    """Passages in the question's language are all nearer, whatever they say."""
    english = [Found(f"Something else, number {at}", 0.85 - at / 1000, "en") for at in range(10)]
    german = [Found("Hunde sind willkommen", 0.84, "de"), *(Found(f"Anderes {at}", 0.79, "de") for at in range(9))]
    assert order("May I bring a pet?", english + german)[0] == 10


def test_scores_lie_between_0_and_1_and_ties_keep_their_order() -> None:
    found = [Found("same", 0.8, None)] * 3
    ranking = ranked("same", "en", found)
    assert [at for at, _ in ranking.order] == [0, 1, 2]
    assert all(0 <= score <= 1 for _, score in ranking.order)


def test_tells_how_far_the_nearest_stands_out() -> None:
    usual = [Found("x", 0.80 + at % 2 / 100, "en") for at in range(20)]
    alike, outstanding = (ranked("y", "en", [*usual, Found("x", cosine, "en")]) for cosine in (0.81, 0.86))
    assert alike.standing.spread < USUAL_SPREAD < outstanding.standing.spread


def test_few_passages_say_nothing_about_that() -> None:
    alone = ranked("y", "en", [Found("x", 0.9, "en")]).standing
    assert (alone.spread, alone.nearest) == (USUAL_SPREAD, USUAL_NEAREST)


@pytest.mark.parametrize(("question", "unknown"), [("sauna", 0), ("helicopter", 1)])
def test_tells_which_of_the_words_nothing_has(question: str, unknown: float) -> None:
    found = [Found("The sauna opens at four.", 0.8, "en"), Found("Trams run all night.", 0.8, "en")]
    assert ranked(question, "en", found).standing.unknown == unknown


def test_nothing_comes_of_nothing() -> None:
    assert ranked("Anything?", "en", []).order == []
