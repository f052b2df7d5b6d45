"""Builds the local embedding model once, from the installed weights: an ONNX graph, the word embeddings as a file to
map into memory, and the tokenizer."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from app.ai.local_model_files import (
    BUILD_VERSION,
    GRAPH,
    MARKER,
    PIECES,
    POSITIONS,
    SCORES,
    WORDS,
    read_marker,
)
from app.ai.model_weights import BLOCK, SHA256, Floats, Weights, dequantised, scales_and_nibbles

_MICROSOFT = "com.microsoft"
_OPSET = 17
_IR_VERSION = 8
# 7 bits instead of 8: without VNNI, the products of x86's 8-bit instruction saturate silently.
_INT7 = 63


def prepare(folder: Path) -> None:
    """Makes sure that `folder` holds the model, building it (3 s, 95 MB on disk) when it is missing, damaged or of
    another version.

    The folder appears complete or not at all; of several processes one builds while the others wait. Raises
    `WeightsError` when the weights aren't installed, `OSError` when the disk refuses.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        if is_sound(folder):
            return
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _build(fresh)
            fresh.chmod(0o755)  # mkdtemp's 0700 would lock out a service account that only runs the model
            _replace(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def is_sound(folder: Path) -> bool:
    """Whether `folder` holds what this version builds, to the byte. Reads 95 MB."""
    marker = read_marker(folder)
    return marker is not None and marker.digests == _digests(folder)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the system when the file closes, also when we are killed
        yield


def _replace(folder: Path, fresh: Path) -> None:
    if folder.exists():
        # Set aside into the folder that is removed at the end; processes that use it keep their open files.
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        folder.rename(aside / "old")
        fresh.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        fresh.rename(folder)


def _build(folder: Path) -> None:
    weights = Weights.open()
    _write_pieces(folder, weights)
    rows = weights.blocks("emb.word").reshape(-1, weights.shape.hidden // BLOCK, 18)
    np.save(folder / WORDS, rows)
    token_type = weights.floats("emb.type")[: weights.shape.hidden]
    np.save(folder / POSITIONS, weights.floats("emb.pos").reshape(-1, weights.shape.hidden) + token_type)
    (folder / GRAPH).write_bytes(_Graph(weights).model())
    marker = {"version": BUILD_VERSION, "weights": SHA256, "digests": _digests(folder)}
    (folder / MARKER).write_text(json.dumps(marker, indent=1))
    for path in folder.iterdir():
        _flush(path)


def _flush(path: Path) -> None:
    # Otherwise a power cut after the rename could leave a folder of empty files.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name != MARKER:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _write_pieces(folder: Path, weights: Weights) -> None:
    (folder / PIECES).write_text("\n".join(weights.pieces), encoding="utf-8")
    np.save(folder / SCORES, weights.scores)


class _Graph:
    """The encoder as ONNX: embeddings of one text (1, tokens, hidden) in, one vector (1, hidden) of length 1 out.

    Word and position embeddings are looked up outside, so that they can stay in a mapped file. Weights are 7-bit
    integers with a scale per column; the second feed-forward layer keeps its 4-bit blocks, since its inputs have
    outliers that one scale per text can't hold (cosine to the float model .999 instead of .99, long texts .97).
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._shape = weights.shape
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> bytes:
        """The serialised graph, for onnxruntime on any CPU."""
        vector = self._pooled(self._encoded())
        hidden = self._shape.hidden
        graph = helper.make_graph(
            self._nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, "tokens", hidden])],
            [helper.make_tensor_value_info(vector, TensorProto.FLOAT, [1, hidden])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised

    def _encoded(self) -> str:
        hidden = self._node(
            "LayerNormalization",
            "embedded",
            *self._norm("emb.ln"),
            axis=-1,
            epsilon=self._shape.epsilon,
        )
        for number in range(self._shape.layers):
            hidden = self._layer(f"l{number}.", hidden)
        return hidden

    def _layer(self, layer: str, hidden: str) -> str:
        attended = self._attention(layer, hidden)
        projected = self._int7(attended, [layer + "ao"])
        hidden = self._add_and_norm(hidden, projected, layer + "aln")
        inner = self._node("Gelu", self._int7(hidden, [layer + "fi"]), domain=_MICROSOFT)
        return self._add_and_norm(hidden, self._int4(inner, layer + "fo", self._shape.feed_forward), layer + "oln")

    def _attention(self, layer: str, hidden: str) -> str:
        together = self._int7(hidden, [layer + "q", layer + "k", layer + "v"])
        sizes = self._constant(layer + "sizes", np.array([self._shape.hidden] * 3, np.int64))
        parts = [layer + "query", layer + "key", layer + "value"]
        self._nodes.append(helper.make_node("Split", [together, sizes], parts, axis=-1))
        return self._node("MultiHeadAttention", *parts, domain=_MICROSOFT, num_heads=self._shape.heads)

    def _add_and_norm(self, hidden: str, update: str, norm: str) -> str:
        names = (hidden, update, *self._norm(norm))
        return self._node("SkipLayerNormalization", *names, domain=_MICROSOFT, epsilon=self._shape.epsilon)

    def _pooled(self, hidden: str) -> str:
        mean = self._node("ReduceMean", hidden, axes=[1], keepdims=0)
        return self._node("LpNormalization", mean, axis=-1, p=2)

    def _int7(self, inputs: str, layers: list[str]) -> str:
        matrices = [dequantised(self._weights.blocks(f"{name}.w")) for name in layers]
        columns = np.concatenate([each.reshape(-1, self._shape.hidden) for each in matrices]).T
        scales = np.abs(columns).max(axis=0) / _INT7
        quantised = np.clip(np.round(columns / scales), -_INT7, _INT7).astype(np.int8)
        name = layers[0]
        return self._node(
            "DynamicQuantizeMatMul",
            inputs,
            self._constant(f"{name}.w", quantised),
            self._constant(f"{name}.scales", scales.astype(np.float32)),
            self._constant(f"{name}.zeros", np.zeros(columns.shape[1], np.int8)),
            self._constant(f"{name}.b", np.concatenate([self._weights.floats(f"{each}.b") for each in layers])),
            domain=_MICROSOFT,
        )

    def _int4(self, inputs: str, layer: str, width: int) -> str:
        scales, nibbles = scales_and_nibbles(self._weights.blocks(f"{layer}.w").reshape(-1, width // BLOCK, 18))
        # The operator wants neighbours in one byte, the file has them 16 apart.
        packed = nibbles[..., 0::2] | (nibbles[..., 1::2] << 4)
        product = self._node(
            "MatMulNBits",
            inputs,
            self._constant(f"{layer}.w", packed),
            self._constant(f"{layer}.scales", scales.reshape(-1)),
            domain=_MICROSOFT,
            K=width,
            N=len(packed),
            bits=4,
            block_size=BLOCK,
            accuracy_level=4,
        )
        return self._node("Add", product, self._constant(f"{layer}.b", self._weights.floats(f"{layer}.b")))

    def _norm(self, name: str) -> tuple[str, str]:
        weight, bias = self._weights.floats(f"{name}.w"), self._weights.floats(f"{name}.b")
        return self._constant(f"{name}.w", weight), self._constant(f"{name}.b", bias)

    def _constant(self, name: str, value: npt.NDArray[Any] | Floats) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], output, domain=domain, **attributes))
        return output
