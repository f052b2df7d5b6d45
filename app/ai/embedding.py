"""Texts as vectors: what every embedding model offers."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from app.errors import Unavailable

Vectors = npt.NDArray[np.float32]


class EmbeddingUnavailable(Unavailable):
    """The embedding model can't be asked now, or answers nonsense. The message never holds the key."""

    code = "ai_service_unavailable"
    detail = "The embedding model can't be reached at the moment. Try again shortly."


class Embedder(Protocol):
    """A model that turns texts into vectors. Implementations may be shared by threads."""

    @property
    def model(self) -> str:
        """What the vectors are stored under; vectors of different models are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """How much of one text is read, in the model's tokens; the rest doesn't count."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of texts to be found, shape (len(texts), dimension), each of length 1.

        Raises `EmbeddingUnavailable`.
        """
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions, shape (len(texts), dimension), each of length 1. Raises `EmbeddingUnavailable`."""
        ...

    def embed_question(self, text: str, language: str) -> Vectors:
        """What passages are looked up by for a question in `language`, shape (dimension,), of length 1: its vector, or
        what is left of it without what is usual for questions. Raises `EmbeddingUnavailable`."""
        ...


def normalised(vectors: Vectors) -> Vectors:
    """Each row (n, d) at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit
