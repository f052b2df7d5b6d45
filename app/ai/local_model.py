"""The embedding model that needs no key and no network, on the CPU, from the folder that `local_model_build.prepare`
made.

Two encoders read every text, and its vector is made of both: multilingual-e5-small (384 dimensions, about 100
languages), which knows best what answers a question, and 128 dimensions of Universal Sentence Encoder multilingual v3,
which costs an eighth of it, counts a tenth, and knows what says the same, in 16 languages. Together they find the right
passage first more often than either does (docs/decisions/0011-retrieval.md).
"""

import fcntl
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.ai.embedding import EmbeddingUnavailable, Vectors, normalised
from app.ai.language import primary
from app.ai.local_encoders import (
    E5_DIMENSION,
    LONGEST,
    E5Encoder,
    UniversalEncoder,
    e5_pieces,
    universal_pieces,
)
from app.ai.local_model_files import MARKER, read_marker
from app.ai.usual_questions import usual_questions
from app.ai.word_pieces import WordPieces
from app.core.offload import offload

MODEL = "builtin/multilingual-e5-small-use"
# The directions in which texts differ most: scripts/bench/fit_projection.
_PROJECTION = Path(__file__).with_name("universal_projection.npy")
DIMENSION = 512
# Cosines are sums of both encoders' by these shares.
_UNIVERSAL_WEIGHT = 0.1
_OF_E5, _OF_UNIVERSAL = (math.sqrt(weight / (1 + _UNIVERSAL_WEIGHT)) for weight in (1, _UNIVERSAL_WEIGHT))

_QUERY, _PASSAGE = "query: ", "passage: "  # e5 was trained with these
_PREFIX_TOKENS = 3
# More text than this can't fit into the sequence; tokenising a megabyte to throw it away would be an attack on us.
_CHARACTERS = 16 * LONGEST
_CACHED_QUERIES = 1_000
_CACHED_CHARACTERS = 500
_CACHED_LANGUAGES = 100
# How much of what is usual for questions is taken off one (docs/decisions/0011-retrieval.md).
_USUAL_SHARE = 0.4


class LocalEmbedder:
    """The model in this process: made in an instant, loaded at the first text (0.6 s, 150 MB), again after a fork.

    Threads may share it. Each text is a run of its own on one thread: on few cores the fastest, and a text's vector
    doesn't depend on its neighbours. The work goes through `app.core.offload` already.
    """

    model = MODEL
    dimension = DIMENSION
    max_tokens = LONGEST - 2 - _PREFIX_TOKENS

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces: WordPieces | None = None
        self._encoders: _Encoders | None = None
        self._remembered_query = lru_cache(maxsize=_CACHED_QUERIES)(self._embed_query)
        self._remembered_usual = lru_cache(maxsize=_CACHED_LANGUAGES)(self._embed_usual)

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has, all of it, comparable with `max_tokens`. Raises `EmbeddingUnavailable`."""
        return len(self._word_pieces().ids(text))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_passages`; about 65 ms per text of full length."""
        return self._embed(_PASSAGE, texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_queries`; about 5 ms per question, none for one asked lately."""
        rows = [
            self._remembered_query(text) if len(text) <= _CACHED_CHARACTERS else self._embed_query(text)
            for text in texts
        ]
        return np.stack(rows) if rows else np.empty((0, DIMENSION), np.float32)

    def embed_question(self, text: str, language: str) -> Vectors:
        """See `Embedder.embed_question`; the first question in a language takes 60 ms more.

        The model puts whatever is in the question's language, and whatever sounds like talk with visitors, near to
        every question: it is near to the usual ones as well, and counts less by a share of that.
        """
        vector = self.embed_queries([text])[0] - _USUAL_SHARE * self._remembered_usual(primary(language))
        rest: Vectors = normalised(vector[None])[0]
        return rest

    def _embed_usual(self, language: str) -> Vectors:
        vector: Vectors = self.embed_queries(usual_questions(language)).mean(axis=0)
        return vector

    def _embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed(_QUERY, [text])[0]
        return vector

    def _embed(self, prefix: str, texts: Sequence[str]) -> Vectors:
        cut = [text[:_CHARACTERS] for text in texts]
        return offload(self._embed_here, prefix, cut) if cut else np.empty((0, DIMENSION), np.float32)

    def _embed_here(self, prefix: str, texts: list[str]) -> Vectors:
        pieces, encoders = self._word_pieces(), self._current_encoders()
        return normalised(np.stack([encoders.vector(pieces.ids(prefix + text), text) for text in texts]))

    def _word_pieces(self) -> WordPieces:
        if self._pieces is None:
            with _alone(self._folder):
                if self._pieces is None:
                    self._pieces = e5_pieces(self._folder)
        return self._pieces

    def _current_encoders(self) -> "_Encoders":
        if self._encoders is None or self._encoders.process != os.getpid():
            with _alone(self._folder):
                if self._encoders is None or self._encoders.process != os.getpid():
                    self._encoders = _Encoders(self._folder)
        return self._encoders


class E5Embedder:
    """The first encoder alone, as vectors were made before there were two: for the questions to agents whose passages
    wait for their new vectors."""

    model = "builtin/multilingual-e5-small"
    dimension = E5_DIMENSION
    max_tokens = LocalEmbedder.max_tokens

    def __init__(self, both: LocalEmbedder) -> None:
        self._both = both

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_passages`."""
        return _of_e5(self._both.embed_passages(texts))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_queries`."""
        return _of_e5(self._both.embed_queries(texts))

    def embed_question(self, text: str, language: str) -> Vectors:
        """See `Embedder.embed_question`."""
        vector: Vectors = _of_e5(self._both.embed_question(text, language)[None])[0]
        return vector


def _of_e5(vectors: Vectors) -> Vectors:
    return normalised(vectors[:, :E5_DIMENSION])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one thread load at a time. A file lock, since a green process replaces `threading.Lock` by one that only
    works between the greenlets of one thread, and the work runs on others."""
    if read_marker(folder) is None:
        raise EmbeddingUnavailable("The local embedding model has not been prepared. Run `flask prepare`.")
    with (folder / MARKER).open("rb") as marker:
        fcntl.flock(marker, fcntl.LOCK_EX)
        yield


class _Encoders:
    """Both encoders, of the process that made them."""

    def __init__(self, folder: Path) -> None:
        self.process = os.getpid()
        self._e5, self._universal = E5Encoder(folder), UniversalEncoder(folder)
        self._pieces = universal_pieces(folder)
        self._projection = np.load(_PROJECTION).astype(np.float32)

    def vector(self, pieces: list[int], text: str) -> Vectors:
        """The vector (512,) of a text, from e5's pieces of it with its prefix and the text without; of any length."""
        universal = self._universal.vector(self._pieces.ids(text)) @ self._projection
        return np.concatenate([_OF_E5 * self._e5.vector(pieces), _OF_UNIVERSAL * universal])
