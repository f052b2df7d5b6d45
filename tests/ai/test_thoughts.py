"""Thoughts in front of answers."""

import pytest

from app.ai.thoughts import ThoughtFilter


def _said(text: str, size: int) -> str:
    thoughts = ThoughtFilter()
    pieces = [thoughts.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*pieces, thoughts.finish()])


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Plain.", "Plain."),
        ("<think>Hm.</think>Yes.", "Yes."),
        ("\n<think>\n\n</think>\n\n Yes. <think> is a tag.", "Yes. <think> is a tag."),
        ("<thinking>a </think> b</thinking>Yes.", "Yes."),
        ("<think>never ends", ""),
        ("<think></think>\n", ""),
        ("<thin", "<thin"),
        ("<thick>no</thick>", "<thick>no</thick>"),
        ("  1 < 2", "  1 < 2"),
        ("", ""),
    ],
)
def test_thoughts_are_taken_off(text: str, answer: str, size: int) -> None:
    assert _said(text, size) == answer


def test_what_is_no_thought_is_not_held_back() -> None:
    assert ThoughtFilter().feed("A") == "A"


def test_long_thoughts_take_linear_time_and_no_memory() -> None:
    thoughts = ThoughtFilter()
    thoughts.feed("<think>")
    assert not any(thoughts.feed("hm " * 100) for _ in range(5_000))
    assert thoughts.feed("</think>Yes.") == "Yes."
