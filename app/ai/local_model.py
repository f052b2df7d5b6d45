"""The embedding model that needs no key and no network: multilingual-e5-small (384 dimensions, about 100 languages,
https://arxiv.org/abs/2402.05672) on the CPU, from the folder that `local_model_build.prepare` made."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from app.ai.embedding import EmbeddingUnavailable, Vectors, normalised
from app.ai.language import primary
from app.ai.local_model_files import GRAPH, MARKER, PIECES, POSITIONS, SCORES, WORDS, read_marker
from app.ai.model_weights import dequantised
from app.ai.usual_questions import usual_questions
from app.ai.word_pieces import WordPieces
from app.core.offload import offload

MODEL = "builtin/multilingual-e5-small"
DIMENSION = 384

_START, _END, _UNKNOWN = 0, 2, 3
_MARKS = (0, 1, 2, 3, 250_001)  # <s>, <pad>, </s>, <unk>, <mask>
_SEQUENCE = 512
_QUERY, _PASSAGE = "query: ", "passage: "  # the model was trained with these
_PREFIX_TOKENS = 3
# More text than this can't fit into the sequence; tokenising a megabyte to throw it away would be an attack on us.
_CHARACTERS = 16 * _SEQUENCE
_CACHED_QUERIES = 1_000
_CACHED_CHARACTERS = 500
_CACHED_LANGUAGES = 100
# How much of what is usual for questions is taken off one. Half of it finds still more, and then the floor, which looks
# at the cosines, tells less of what has no answer (docs/decisions/0011-retrieval.md).
_USUAL_SHARE = 0.25


class LocalEmbedder:
    """The model in this process: made in an instant, loaded at the first text (0.4 s, 110 MB), again after a fork.

    Threads may share it. Each text is a run of its own on one thread: on few cores the fastest, and a text's vector
    doesn't depend on its neighbours. The work goes through `app.core.offload` already.
    """

    model = MODEL
    dimension = DIMENSION
    max_tokens = _SEQUENCE - 2 - _PREFIX_TOKENS

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces: WordPieces | None = None
        self._encoder: _Encoder | None = None
        self._remembered_query = lru_cache(maxsize=_CACHED_QUERIES)(self._embed_query)
        self._remembered_usual = lru_cache(maxsize=_CACHED_LANGUAGES)(self._embed_usual)

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has, all of it, comparable with `max_tokens`. Raises `EmbeddingUnavailable`."""
        return len(self._word_pieces().ids(text))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_passages`; about 60 ms per text of full length."""
        return self._embed([_PASSAGE + text[:_CHARACTERS] for text in texts])

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
        every question: it is near to the usual ones as well, and counts less by a quarter of that.
        """
        vector = self.embed_queries([text])[0] - _USUAL_SHARE * self._remembered_usual(primary(language))
        rest: Vectors = normalised(vector[None])[0]
        return rest

    def _embed_usual(self, language: str) -> Vectors:
        vector: Vectors = self.embed_queries(usual_questions(language)).mean(axis=0)
        return vector

    def _embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([_QUERY + text[:_CHARACTERS]])[0]
        return vector

    def _embed(self, texts: list[str]) -> Vectors:
        return offload(self._embed_here, texts) if texts else np.empty((0, DIMENSION), np.float32)

    def _embed_here(self, texts: list[str]) -> Vectors:
        pieces, encoder = self._word_pieces(), self._current_encoder()
        ids = (pieces.ids(text)[: _SEQUENCE - 2] for text in texts)
        return np.stack([encoder.vector([_START, *each, _END]) for each in ids])

    def _word_pieces(self) -> WordPieces:
        if self._pieces is None:
            with _alone(self._folder):
                if self._pieces is None:
                    self._pieces = _load_pieces(self._folder)
        return self._pieces

    def _current_encoder(self) -> "_Encoder":
        if self._encoder is None or self._encoder.process != os.getpid():
            with _alone(self._folder):
                if self._encoder is None or self._encoder.process != os.getpid():
                    self._encoder = _Encoder(self._folder)
        return self._encoder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one thread load at a time. A file lock, since a green process replaces `threading.Lock` by one that only
    works between the greenlets of one thread, and the work runs on others."""
    if read_marker(folder) is None:
        raise EmbeddingUnavailable("The local embedding model has not been prepared. Run `flask prepare`.")
    with (folder / MARKER).open("rb") as marker:
        fcntl.flock(marker, fcntl.LOCK_EX)
        yield


class _Encoder:
    """onnxruntime's session with the tables before it. Belongs to the process that made it: a session's native state
    doesn't survive a fork."""

    def __init__(self, folder: Path) -> None:
        self.process = os.getpid()
        self._words = np.load(folder / WORDS, mmap_mode="r")
        self._positions = np.load(folder / POSITIONS)
        # Most processes embed nothing, and shouldn't hold the library.
        from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415

        options = _configured(SessionOptions())
        self._session = InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])

    def vector(self, ids: list[int]) -> Vectors:
        """The vector (384,) of one text's ids, marks included."""
        words = dequantised(self._words[ids]).reshape(len(ids), DIMENSION)
        embedded = words + self._positions[: len(ids)]
        (vectors,) = self._session.run(None, {"embedded": embedded[None]})
        vector: Vectors = vectors[0]
        return vector


def _configured(options: Any) -> Any:
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the memory of the longest text for good; spinning burns a core that others need.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _load_pieces(folder: Path) -> WordPieces:
    pieces = (folder / PIECES).read_text(encoding="utf-8").split("\n")
    return WordPieces(pieces, np.load(folder / SCORES).tolist(), unknown=_UNKNOWN, marks=_MARKS)
