"""Costs and estimates."""

from decimal import Decimal

import pytest

from app.ai.chat import ChatMessage
from app.ai.pricing import cost, estimate_tokens, estimate_usage


def test_a_cost_is_exact() -> None:
    price = cost(1234, 567, input_price_per_million=Decimal("0.15"), output_price_per_million=Decimal("0.60"))
    assert price == Decimal("0.00052530")


def test_a_single_token_of_a_cheap_model_costs_something() -> None:
    assert cost(1, 0, input_price_per_million=Decimal("0.05"), output_price_per_million=Decimal(0)) > 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("four", 1), ("a" * 400, 100), ("你好世界你好", 4), ("こんにちは。", 4), ("Привет мир", 4)],
)
def test_tokens_are_estimated_by_script(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_usage_counts_the_messages_and_their_frames() -> None:
    usage = estimate_usage([ChatMessage("user", "a" * 40), ChatMessage("system", "b" * 40)], "c" * 20)
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (28, 5, True)
