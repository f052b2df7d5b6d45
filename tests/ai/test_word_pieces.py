"""Our tokenizer against the `tokenizers` library, with the same pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from app.ai.local_model import LocalEmbedder
from app.ai.model_weights import Weights
from app.ai.word_pieces import SPACE, normalised

# Builds the model (2 s) and loads the library's tokenizer (0.7 s).
pytestmark = pytest.mark.slow

TEXTS = [
    "Check-in from 3 pm; early check-in costs €15 (on request)!",
    "Straße, Größe, Äpfel — „Zahnarztpraxis“ Nr. 12½",
    "¿Cuánto cuesta el aparcamiento? ¡Gratis!",
    "酒店在市中心，提供免费停车位。ﾎﾃﾙ　は１０時",
    "이 호텔은 서울에 있습니다",
    "यह संग्रहालय सोमवार को बंद रहता है। क्या आप खुले हैं?",
    "ما هي أوقات العمل؟ من ٩ إلى ٥",
    "e\u0301te\u0301 zero\u200bwidth\u00a0blank\ttab\nline",
    "https://example.com/a_b?c=d&e=%20 x@y.org #1 {json: [1,2]}",
    "🎉👩‍👩‍👧 \U0001f9ff ꙮ ԱԲԳ",
    "a" * 100,
]


@pytest.fixture(scope="module")
def library() -> Tokenizer:
    weights = Weights.open()
    pieces = list(zip(weights.pieces, weights.scores.tolist(), strict=True))
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=weights.shape.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    return tokenizer


def library_ids(library: Tokenizer, text: str) -> list[int]:
    # The library keeps a blank at the end as a piece of its own; we drop it, as SentencePiece does.
    return list(library.encode(" ".join(normalised(text).split()), add_special_tokens=False).ids)


@pytest.mark.parametrize("text", TEXTS)
def test_gives_the_ids_of_the_library(embedder: LocalEmbedder, library: Tokenizer, text: str) -> None:
    assert embedder._word_pieces().ids(text) == library_ids(library, text)


@settings(deadline=None, max_examples=200)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="<>"), max_size=60))
def test_gives_the_ids_of_the_library_for_any_text(embedder: LocalEmbedder, library: Tokenizer, text: str) -> None:
    assert embedder._word_pieces().ids(text) == library_ids(library, text)


def test_text_can_not_name_the_marks(embedder: LocalEmbedder) -> None:
    assert not set(embedder._word_pieces().ids("<s> </s> <pad> <unk> <mask>")) & {0, 1, 2, 250_001}
