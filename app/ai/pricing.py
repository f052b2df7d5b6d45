"""What a call costs, and how many tokens it used when the server doesn't say."""

import math
import re
from collections.abc import Iterable
from decimal import Decimal

from app.ai.chat import ChatMessage, Usage

_MILLION = Decimal(1_000_000)
_STEP = Decimal("0.00000001")  # a single token of the cheapest models costs some 1e-8 dollars
# Han, kana and hangul with their punctuation and full-width forms: about a token for 1.5 characters.
_DENSE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# Other scripts than Latin (Greek to Thai and beyond): about a token for 2.5 characters.
_MIDDLING = re.compile("[\u0370-\u1dff]")
_PER_MESSAGE = 4


def cost(
    input_tokens: int,
    output_tokens: int,
    *,
    input_price_per_million: Decimal,
    output_price_per_million: Decimal,
) -> Decimal:
    """The price of a call in the currency of the prices, rounded to 1e-8."""
    exact = input_tokens * input_price_per_million + output_tokens * output_price_per_million
    return (exact / _MILLION).quantize(_STEP)


def estimate_tokens(text: str) -> int:
    """Roughly the tokens of `text`: characters / 4 in Latin scripts, / 1.5 in Chinese, Japanese and Korean."""
    if text.isascii():
        return math.ceil(len(text) / 4)
    dense = len(_DENSE.findall(text))
    middling = len(_MIDDLING.findall(text))
    return math.ceil(dense / 1.5 + middling / 2.5 + (len(text) - dense - middling) / 4)


def estimate_usage(messages: Iterable[ChatMessage], answer: str) -> Usage:
    """The usage of a call whose server reported none."""
    asked = sum(estimate_tokens(message.content) + _PER_MESSAGE for message in messages)
    return Usage(asked, estimate_tokens(answer), estimated=True)
