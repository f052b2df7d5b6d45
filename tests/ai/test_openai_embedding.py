"""Embeddings from a service."""

import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.ai import openai_embedding
from app.ai.embedding import EmbeddingUnavailable
from app.ai.openai_embedding import OpenAiEmbedder
from tests.ai.embedding_service import EmbeddingService, serving

KEY = "sk-secret-0123456789"
QUOTES_THE_KEY = {"error": {"message": f"Incorrect API key provided: {KEY}", "type": "invalid_request_error"}}


@pytest.fixture
def service() -> Iterator[EmbeddingService]:
    with serving() as running:
        yield running
    openai_embedding._client.cache_clear()


def embedder(service: EmbeddingService, **chosen: Any) -> OpenAiEmbedder:
    return OpenAiEmbedder(base_url=service.base_url, api_key=KEY, model="some-model", **chosen)


def expected(service: EmbeddingService, texts: list[str]) -> Any:
    rows = np.array([service.vector(text, 4) for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("obeys_base64", [True, False])
def test_keeps_the_order_of_the_texts(service: EmbeddingService, obeys_base64: bool) -> None:
    service.obeys_base64 = obeys_base64
    texts = ["a", "bbb", "cc"]
    vectors = embedder(service, dimension=4).embed_passages(texts)
    np.testing.assert_allclose(vectors, expected(service, texts), rtol=1e-5)
    assert vectors.dtype == np.float32
    assert service.requests[0]["encoding_format"] == "base64"
    assert service.authorizations == [f"Bearer {KEY}"]


def test_sends_many_texts_in_batches(service: EmbeddingService) -> None:
    texts = ["x" * (number % 7 + 1) for number in range(300)]
    vectors = embedder(service).embed_passages(texts)
    assert [len(each["input"]) for each in service.requests] == [128, 128, 44]
    np.testing.assert_allclose(vectors, expected(service, texts), rtol=1e-5)


def test_long_texts_make_smaller_batches(service: EmbeddingService) -> None:
    embedder(service).embed_passages(["x" * 9_000] * 30)
    assert [len(each["input"]) for each in service.requests] == [25, 5]
    assert {len(text) for each in service.requests for text in each["input"]} == {8_000}


def test_sends_only_what_a_service_takes(service: EmbeddingService) -> None:
    embedder(service).embed_queries(["", "\ud800", "a\0b"])
    assert service.requests[0]["input"] == ["-", "?", "a b"]


def test_asks_once_for_an_unknown_dimension(service: EmbeddingService) -> None:
    asked = embedder(service)
    assert (asked.dimension, asked.dimension) == (4, 4)
    assert len(service.requests) == 1
    assert asked.embed_passages([]).shape == (0, 4)


def test_tells_the_service_to_shorten_only_when_asked(service: EmbeddingService) -> None:
    embedder(service, dimension=4).embed_queries(["a"])
    assert embedder(service, dimension=2, shortened=True).embed_queries(["a"]).shape == (1, 2)
    assert [each.get("dimensions") for each in service.requests] == [None, 2]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_tries_again_when_the_service_is_busy(service: EmbeddingService, status: int) -> None:
    service.answers = [(status, {"error": {"message": "later"}})] * 2
    assert embedder(service).embed_queries(["a"]).shape == (1, 4)
    assert len(service.requests) == 3


def test_a_question_is_one_request_in_any_language(service: EmbeddingService) -> None:
    plain = embedder(service).embed_queries(["Open on Monday?"])[0]
    assert (embedder(service).embed_question("Open on Monday?", "de") == plain).all()
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_refusal_does_not_show_the_key(service: EmbeddingService, status: int) -> None:
    service.answers = [(status, QUOTES_THE_KEY)] * 2
    with pytest.raises(EmbeddingUnavailable, match=f"status {status}") as refusal:
        embedder(service, retries=1).embed_queries(["a"])
    assert refusal.value.code == "ai_service_unavailable"
    assert KEY not in f"{refusal.value!r} {refusal.value.__cause__!r}"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"",
        {"data": []},
        {"data": [{"index": 0}]},
        {"data": [{"index": 0, "embedding": "%%%"}]},
        {"data": [{"index": 0, "embedding": ["a", "b"]}]},
        {"data": [{"index": 0, "embedding": [float("nan")] * 4}]},
        {"data": [{"index": 0, "embedding": 1.5}]},
        {"data": [{"index": index, "embedding": [1.0] * 4} for index in range(2)]},
        {"data": [{"index": 0, "embedding": []}]},
    ],
    ids=["html", "list", "empty", "none", "no_vector", "no_base64", "words", "nan", "number", "too_many", "no_numbers"],
)
def test_a_malformed_body_is_refused(service: EmbeddingService, body: object) -> None:
    service.answers = [(200, body)]
    with pytest.raises(EmbeddingUnavailable, match="no list of embeddings"):
        embedder(service).embed_queries(["a"])


def test_another_dimension_is_refused(service: EmbeddingService) -> None:
    with pytest.raises(EmbeddingUnavailable, match="4 dimensions instead of 8"):
        embedder(service, dimension=8).embed_queries(["a"])


def test_a_service_that_is_gone_is_unavailable(service: EmbeddingService) -> None:
    gone = OpenAiEmbedder(base_url="http://127.0.0.1:9/v1", api_key=KEY, model="some-model", retries=0)
    with pytest.raises(EmbeddingUnavailable, match="can't be reached"):
        gone.embed_queries(["a"])


def test_a_service_that_reads_nothing_is_given_up(service: EmbeddingService, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than the system's buffers take.
    monkeypatch.setattr(openai_embedding, "_TEXT_CHARACTERS", 32 << 20)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        base_url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        asked = OpenAiEmbedder(base_url=base_url, api_key=KEY, model="some-model", timeout=0.2, retries=0)
        with pytest.raises(EmbeddingUnavailable, match="can't be reached"):
            asked.embed_queries(["x" * (32 << 20)])


def test_embedders_of_one_account_share_a_client(service: EmbeddingService) -> None:
    for _ in range(3):
        embedder(service).embed_queries(["a"])
    assert openai_embedding._client.cache_info().misses == 1


def test_the_key_is_not_in_its_repr(service: EmbeddingService) -> None:
    assert repr(embedder(service)) == "OpenAiEmbedder(model='some-model', host='127.0.0.1')"
