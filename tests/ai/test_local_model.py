"""The local embedding model."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.ai.embedding import EmbeddingUnavailable
from app.ai.local_model import LocalEmbedder

# The first test that uses the embedder builds the model (2 s) and loads it.
pytestmark = pytest.mark.slow

MEGA = 1_000_000
MONDAY = {
    "en": "The museum is closed on Mondays.",
    "de": "Das Museum ist montags geschlossen.",
    "es": "El museo cierra los lunes.",
    "ar": "المتحف مغلق يوم الاثنين.",
    "zh": "博物馆星期一闭馆。",
    "hi": "संग्रहालय सोमवार को बंद रहता है।",
}
# The first 48 components of MONDAY["en"] from a float32 forward pass over the same weights.
# fmt: off
FLOAT_MODEL = np.array([
    0.069, -0.004, 0.013, -0.037, 0.044, -0.048, -0.020, 0.009, 0.093, 0.050, 0.084, 0.045,
    0.044, -0.019, -0.031, 0.038, 0.062, -0.031, -0.061, -0.043, -0.015, -0.019, -0.016, 0.060,
    0.012, 0.134, -0.040, -0.023, 0.043, -0.093, -0.059, -0.013, 0.001, -0.048, -0.038, 0.064,
    -0.082, -0.074, 0.030, -0.001, -0.071, 0.044, 0.000, 0.137, 0.053, 0.008, -0.121, 0.048,
])
# fmt: on
OTHERS = [
    "Refunds are paid within five days.",
    "Für den Versand berechnen wir 4,90 Euro.",
    "The car park is free of charge.",
    "Passwörter ändern Sie in den Einstellungen.",
]


def test_vectors_have_length_one(embedder: LocalEmbedder) -> None:
    vectors = embedder.embed_passages(list(MONDAY.values()))
    assert vectors.shape == (6, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_the_same_statement_in_another_language_is_nearer_than_others(embedder: LocalEmbedder) -> None:
    same = embedder.embed_passages(list(MONDAY.values()))
    other = embedder.embed_passages(OTHERS)
    assert ((same @ same.T).mean(axis=1) > (same @ other.T).mean(axis=1) + 0.05).all()


@pytest.mark.parametrize(
    "question",
    ["Is the museum open on Monday?", "¿Abre el museo los lunes?", "博物馆星期一开放吗？", "क्या सोमवार को खुला है?"],
)
def test_a_question_finds_its_passage_in_any_language(embedder: LocalEmbedder, question: str) -> None:
    passages = embedder.embed_passages([*OTHERS, MONDAY["de"]])
    assert int((passages @ embedder.embed_queries([question])[0]).argmax()) == len(OTHERS)


@pytest.mark.parametrize(
    ("language", "question", "talk"),
    [
        ("en", "Is the museum open on Monday?", "Do you have questions? We are happy to help you at any time."),
        ("es", "¿Abre el museo los lunes?", "¿Tiene preguntas? Le ayudamos con mucho gusto en cualquier momento."),
        ("de", "Hat das Museum am Montag offen?", "Haben Sie Fragen? Wir helfen Ihnen jederzeit gern weiter."),
        ("zh", "博物馆星期一开放吗？", "您有问题吗？我们随时乐意为您提供帮助。"),
        ("sv", "Är museet öppet på måndagar?", "Har du frågor? Vi hjälper dig gärna när som helst."),
    ],
)
def test_a_question_is_farther_from_what_is_near_to_any(
    embedder: LocalEmbedder, language: str, question: str, talk: str
) -> None:
    answer, other = embedder.embed_passages([MONDAY["de" if language != "de" else "en"], talk])
    vector = embedder.embed_question(question, language)
    assert vector.shape == (512,)
    assert float(vector @ vector) == pytest.approx(1, abs=1e-5)
    assert float((answer - other) @ vector) > float((answer - other) @ embedder.embed_queries([question])[0]) + 0.005


def test_stays_close_to_the_float_model(embedder: LocalEmbedder) -> None:
    part = embedder.embed_passages([MONDAY["en"]])[0][: len(FLOAT_MODEL)]
    assert part @ FLOAT_MODEL / np.linalg.norm(part) / np.linalg.norm(FLOAT_MODEL) > 0.985


def test_a_text_has_the_same_vector_whatever_stands_beside_it(embedder: LocalEmbedder) -> None:
    alone = embedder.embed_passages([OTHERS[0]])[0]
    np.testing.assert_array_equal(alone, embedder.embed_passages([MONDAY["zh"] * 20, OTHERS[0]])[1])


def test_no_texts_give_no_vectors(embedder: LocalEmbedder) -> None:
    assert embedder.embed_passages([]).shape == embedder.embed_queries([]).shape == (0, 512)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " " * 1_000_000,
        "a" * 1_000_000,
        "漢" * 1_000_000,
        "\ud800 lone \udfff",
        "\0" * 500,
        "</s><pad><mask>",
        "ﷺ" * 99_999,
    ],
    ids=["empty", "blank", "unbroken", "unbroken_han", "surrogates", "nul", "marks", "expanding"],
)
def test_any_text_is_embedded_quickly(embedder: LocalEmbedder, text: str) -> None:
    embedder.count_tokens("loaded")
    started = time.process_time()
    vectors = embedder.embed_passages([text])
    assert time.process_time() - started < 2
    assert np.isfinite(vectors).all()


def test_threads_share_it(embedder: LocalEmbedder, model_folder: Path) -> None:
    texts = [f"Room {number} has a balcony." for number in range(16)]
    alone = LocalEmbedder(model_folder).embed_queries(texts)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda text: embedder.embed_queries([text])[0], texts))
    np.testing.assert_array_equal(np.stack(together), alone)


def test_works_again_after_a_fork(embedder: LocalEmbedder) -> None:
    expected = embedder.embed_passages([OTHERS[0]])
    child = os.fork()
    if child == 0:
        same = np.array_equal(embedder.embed_passages([OTHERS[0]]), expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_counts_tokens_of_the_whole_text(embedder: LocalEmbedder) -> None:
    assert embedder.count_tokens("Hello world") == 2
    assert embedder.count_tokens("Hello world " * 5_000) == 10_000
    assert embedder.max_tokens == 507


def test_says_so_when_it_was_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingUnavailable, match="flask prepare"):
        LocalEmbedder(tmp_path).embed_queries(["Hello"])
