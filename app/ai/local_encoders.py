"""The two encoders of the local embedding model as they run: onnxruntime's sessions with the tables before them.

Both belong to the process that made them: a session's native state doesn't survive a fork.
"""

from pathlib import Path
from typing import Any

import numpy as np

from app.ai.embedding import Vectors
from app.ai.local_model_files import (
    GRAPH,
    PIECES,
    POSITIONS,
    SCORES,
    UNIVERSAL_GRAPH,
    UNIVERSAL_PIECES,
    UNIVERSAL_RANGES,
    UNIVERSAL_SCORES,
    UNIVERSAL_WORDS,
    WORDS,
)
from app.ai.model_weights import dequantised
from app.ai.word_pieces import WordPieces

LONGEST = 512
E5_DIMENSION = 384
UNIVERSAL_DIMENSION = 512
# The pieces that no text may produce: <s>, <pad>, </s>, <unk> and <mask> of e5; <unk>, <s> and </s> of the other.
_E5_START, _E5_END, _E5_UNKNOWN, _E5_MARKS = 0, 2, 3, (0, 1, 2, 3, 250_001)
_UNIVERSAL_START, _UNIVERSAL_END, _UNIVERSAL_UNKNOWN, _UNIVERSAL_MARKS = 1, 2, 0, (0, 1, 2)
# Of a text in a script that it was not trained on, a model has hardly a piece.
_MOST_UNKNOWN = 0.25


class E5Encoder:
    """multilingual-e5-small (https://arxiv.org/abs/2402.05672), about 100 languages."""

    def __init__(self, folder: Path) -> None:
        self._words = np.load(folder / WORDS, mmap_mode="r")
        self._positions = np.load(folder / POSITIONS)
        self._session = _session(folder / GRAPH)

    def vector(self, pieces: list[int]) -> Vectors:
        """The vector (384,) of one text's pieces, of which it reads 510, of length 1."""
        ids = [_E5_START, *pieces[: LONGEST - 2], _E5_END]
        words = dequantised(self._words[ids]).reshape(len(ids), E5_DIMENSION)
        return _run(self._session, words + self._positions[: len(ids)])


class UniversalEncoder:
    """Universal Sentence Encoder multilingual v3 (https://arxiv.org/abs/1907.04307), 16 languages; it looks at five
    pieces of a text at a time."""

    def __init__(self, folder: Path) -> None:
        self._words = np.load(folder / UNIVERSAL_WORDS, mmap_mode="r")
        self._scales, self._offsets = np.load(folder / UNIVERSAL_RANGES)
        self._session = _session(folder / UNIVERSAL_GRAPH)

    def vector(self, pieces: list[int]) -> Vectors:
        """The vector (512,) of one text's pieces, of which it reads 510, of length 1; zeros when it knows too few."""
        known = pieces[: LONGEST - 2]
        if known.count(_UNIVERSAL_UNKNOWN) > _MOST_UNKNOWN * len(known):
            return np.zeros(UNIVERSAL_DIMENSION, np.float32)
        ids = np.array([_UNIVERSAL_START, *known, _UNIVERSAL_END])
        part = ids % len(self._scales)
        embedded = self._words[ids] * self._scales[part, None] + self._offsets[part, None]
        return _run(self._session, embedded)


def e5_pieces(folder: Path) -> WordPieces:
    """The tokenizer of e5."""
    return _pieces(folder / PIECES, folder / SCORES, unknown=_E5_UNKNOWN, marks=_E5_MARKS)


def universal_pieces(folder: Path) -> WordPieces:
    """The tokenizer of Universal Sentence Encoder."""
    return _pieces(
        folder / UNIVERSAL_PIECES, folder / UNIVERSAL_SCORES, unknown=_UNIVERSAL_UNKNOWN, marks=_UNIVERSAL_MARKS
    )


def _pieces(pieces: Path, scores: Path, *, unknown: int, marks: tuple[int, ...]) -> WordPieces:
    every = pieces.read_text(encoding="utf-8").split("\n")
    return WordPieces(every, np.load(scores).tolist(), unknown=unknown, marks=marks)


def _run(session: Any, embedded: Vectors) -> Vectors:
    (vectors,) = session.run(None, {"embedded": embedded[None].astype(np.float32, copy=False)})
    vector: Vectors = vectors[0]
    return vector


def _session(graph: Path) -> Any:
    # Most processes embed nothing, and shouldn't hold the library.
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the memory of the longest text for good; spinning burns a core that others need.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
