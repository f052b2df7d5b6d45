"""Fixed texts and small talk."""

import dataclasses

import pytest

from app.ai.phrases import phrases, small_talk

LANGUAGES = ["en", "es", "de", "fr", "it", "pt", "nl", "ar", "hi", "zh", "ja", "ru", "tr", "pl"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_texts_of_its_own(language: str) -> None:
    texts = dataclasses.astuple(phrases(language))
    assert all(texts)
    assert len(set(texts)) == len(texts)
    assert language == "en" or not set(texts) & set(dataclasses.astuple(phrases("en")))


def test_regions_and_unknown_languages_fall_back() -> None:
    assert phrases("pt-BR") == phrases("pt")
    assert phrases("xx") == phrases("und") == phrases("en")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Hi!", "greeting"),
        ("¡Hola!", "greeting"),
        ("السلام عليكم", "greeting"),
        ("नमस्ते 🙏", "greeting"),
        ("你好", "greeting"),
        ("THANKS", "thanks"),
        ("Vielen Dank 😊", "thanks"),
        ("ありがとうございます。", "thanks"),
        ("au revoir", "goodbye"),
        ("再见！", "goodbye"),
        ("  До свидания. ", "goodbye"),
    ],
)
def test_recognises_small_talk(message: str, kind: str) -> None:
    assert small_talk(message) == kind


@pytest.mark.parametrize(
    "message",
    [
        "",
        "?",
        "hello, do you have parking?",
        "Hola quiero cancelar",
        "thanks, but what about refunds",
        "tak",
        "hi " * 40_000,
    ],
)
def test_leaves_everything_else_alone(message: str) -> None:
    assert small_talk(message) is None
