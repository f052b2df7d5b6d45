"""The questions that visitors ask anywhere."""

import pytest

from app.ai.language import detect
from app.ai.usual_questions import usual_questions

LANGUAGES = ["en", "es", "de", "fr", "it", "pt", "nl", "ar", "hi", "zh", "ja", "ru", "tr", "pl"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_that_the_agent_speaks_has_its_own(language: str) -> None:
    questions = usual_questions(language)
    assert len(set(questions)) == len(usual_questions("en"))
    assert detect(" ".join(questions)) == language


def test_a_region_has_its_language_s() -> None:
    assert usual_questions("pt-BR") == usual_questions("pt")


def test_other_languages_get_some_of_each() -> None:
    others = usual_questions("sv")
    assert all(set(others) & set(usual_questions(language)) for language in LANGUAGES)
