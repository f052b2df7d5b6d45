"""Embeddings from any service that speaks OpenAI's protocol."""

from base64 import b64decode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from os import getpid
from urllib.parse import urlsplit

import numpy as np
import openai
import orjson

from app.ai import wire
from app.ai.embedding import EmbeddingUnavailable, Vectors, normalised

_BATCH_TEXTS = 128
# OpenAI refuses more than 300,000 tokens a request; the densest scripts come to about a token a character.
_BATCH_CHARACTERS = 200_000
# A text longer than the model reads (8,191 tokens at OpenAI) fails the whole batch, so it is cut before.
_TEXT_CHARACTERS = 8_000


class OpenAiEmbedder:
    """Any service with OpenAI's `POST {base_url}/embeddings`
    (https://platform.openai.com/docs/api-reference/embeddings/create).

    `dimension` is what its vectors must have; without it the service is asked once. With `shortened` the service is
    told to cut its vectors to `dimension`, which not every service accepts. `timeout` is in seconds per attempt.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        model: str,
        dimension: int | None = None,
        shortened: bool = False,
        max_tokens: int = 8191,
        timeout: float = 20.0,
        retries: int = 3,
    ) -> None:
        self.model = model
        self.max_tokens = max_tokens
        self._base_url, self._api_key = base_url, api_key
        self._dimension = dimension
        self._shorten_to = dimension if shortened and dimension else openai.omit
        self._timeout, self._retries = timeout, retries

    def __repr__(self) -> str:
        return f"OpenAiEmbedder(model={self.model!r}, host={self._host!r})"

    @property
    def dimension(self) -> int:
        """Length of each vector; asks the service at the first call when it wasn't given."""
        if self._dimension is None:
            self._dimension = self._request(["dimension"]).shape[1]
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_passages`; sent in batches, in order."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return np.concatenate([self._request(batch) for batch in _batches(texts)])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same as passages: these models make no difference."""
        return self.embed_passages(texts)

    def embed_question(self, text: str, language: str) -> Vectors:
        """See `Embedder.embed_question`: the plain vector, whatever the language."""
        vector: Vectors = self.embed_queries([text])[0]
        return vector

    @property
    def _host(self) -> str:
        return urlsplit(self._base_url).hostname or ""

    def _request(self, texts: list[str]) -> Vectors:
        client = _client(self._base_url, self._api_key, self._timeout, getpid()).with_options(max_retries=self._retries)
        try:
            answer = client.embeddings.with_raw_response.create(
                model=self.model, input=texts, dimensions=self._shorten_to
            )
            vectors = _vectors(answer.content)
        except openai.APIStatusError as refusal:
            raise self._unavailable(f"answered with status {refusal.status_code}") from None
        except openai.APITimeoutError:
            raise self._unavailable(f"did not answer within {self._timeout:g} seconds") from None
        except (openai.APIConnectionError, *wire.WIRE_ERRORS):
            raise self._unavailable("can't be reached") from None
        except (openai.OpenAIError, ValueError, TypeError, KeyError):
            raise self._unavailable("sent a body that is no list of embeddings") from None
        return self._checked(vectors, len(texts))

    def _checked(self, vectors: Vectors, count: int) -> Vectors:
        if vectors.ndim != 2 or len(vectors) != count or not vectors.size or not np.isfinite(vectors).all():
            raise self._unavailable("sent a body that is no list of embeddings")
        if self._dimension not in (None, vectors.shape[1]):
            raise self._unavailable(f"sent vectors of {vectors.shape[1]} dimensions instead of {self._dimension}")
        return normalised(vectors)

    def _unavailable(self, what: str) -> EmbeddingUnavailable:
        # Only our own words: services like to quote the key back in their message.
        return EmbeddingUnavailable(f"The embedding model {self.model!r} at {self._host} {what}.")


def _vectors(body: bytes) -> Vectors:
    """Vectors (n, d) in the order of the texts. Read here, since the SDK looks at each number of a list as if it were a
    model, which took longer than all else that is done to a passage. It asks for base64; not every service obeys."""
    rows = sorted(orjson.loads(body)["data"], key=lambda each: each["index"])
    return np.array([_numbers(each["embedding"]) for each in rows], np.float32)


def _numbers(embedding: str | list[float]) -> Vectors | list[float]:
    return np.frombuffer(b64decode(embedding), "<f4") if isinstance(embedding, str) else embedding


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in map(_acceptable, texts):
        if batch and (len(batch) == _BATCH_TEXTS or size + len(text) > _BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    yield batch


def _acceptable(text: str) -> str:
    """What every service takes: no lone surrogates, no NUL, not empty, not longer than the model reads."""
    clean = text[:_TEXT_CHARACTERS].encode("utf-8", "replace").decode().replace("\0", " ")
    return clean if clean.strip() else "-"


@lru_cache(maxsize=64)
def _client(base_url: str, api_key: str, timeout: float, _pid: int) -> openai.OpenAI:
    # Making one takes tens of milliseconds, and its connections don't survive a fork.
    return openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout, http_client=wire.http_client(base_url))
