"""Fusing two rankings."""

import pytest

from app.ai.fusion import fuse


def test_each_list_counts_by_its_weight() -> None:
    fused = fuse({"a": 9.0, "b": 5.0, "c": 1.0}, {"b": 0.9, "c": 0.86, "d": 0.8})
    assert fused == pytest.approx({"b": 0.35 * 0.5 + 0.65, "c": 0.65 * 0.6, "a": 0.35, "d": 0})
    assert list(fused) == ["b", "c", "a", "d"]


def test_scores_lie_between_0_and_1() -> None:
    fused = fuse({"a": -3.0, "b": 1e9}, {"a": -1.0, "b": 1.0})
    assert fused == {"b": 1.0, "a": 0.0}


def test_weights_can_be_chosen() -> None:
    assert fuse({"a": 1.0}, {}, text_weight=1, vector_weight=0) == {"a": 1.0}


@pytest.mark.parametrize(
    ("text", "vector", "expected"),
    [
        ({}, {}, {}),
        ({}, {"a": 0.8}, {"a": 0.65}),
        ({"a": 0.1}, {}, {"a": 0.35}),
        ({"a": 0.1}, {"a": 0.8}, {"a": 1.0}),
        ({}, {"a": 0.8, "b": 0.8}, {"a": 0.65, "b": 0.65}),
        ({"a": 0.0}, {"b": 0.0}, {"b": 0.65, "a": 0.35}),
    ],
    ids=["nothing", "one_vector", "one_text", "one_in_both", "equal", "disjoint"],
)
def test_degenerate_lists_have_a_defined_result(
    text: dict[str, float], vector: dict[str, float], expected: dict[str, float]
) -> None:
    fused = fuse(text, vector)
    assert fused == pytest.approx(expected)
    assert list(fused) == list(expected)
