"""Builds what the local embedding model has of Universal Sentence Encoder multilingual v3: an ONNX graph, the
embeddings of the pieces as a file to map into memory, and the tokenizer."""

from pathlib import Path

import numpy as np
from onnx import TensorProto

from app.ai.local_model_files import (
    UNIVERSAL_GRAPH,
    UNIVERSAL_PIECES,
    UNIVERSAL_RANGES,
    UNIVERSAL_SCORES,
    UNIVERSAL_WORDS,
)
from app.ai.model_weights import Floats
from app.ai.onnx_graph import OnnxGraph
from app.ai.universal_weights import WIDTH, UniversalWeights

_BRANCH = 256
# How many pieces a branch looks at, and how many of them stand before the one it is about.
_BRANCHES = ((2, 0), (3, 1), (5, 2))


def build(folder: Path) -> None:
    """Writes the files, 80 MB. Raises `WeightsError` when the weights aren't installed."""
    weights = UniversalWeights.open()
    np.save(folder / UNIVERSAL_WORDS, weights.words)
    np.save(folder / UNIVERSAL_RANGES, np.stack([weights.scales, weights.offsets]))
    (folder / UNIVERSAL_PIECES).write_text("\n".join(weights.pieces), encoding="utf-8")
    np.save(folder / UNIVERSAL_SCORES, weights.scores)
    (folder / UNIVERSAL_GRAPH).write_bytes(_Graph(weights.tensors).model())


class _Graph:
    """The encoder as ONNX: embeddings of one text's pieces (1, pieces, 512) in, one vector (1, 512) of length 1 out.

    Two convolutions over two, three and five pieces each, beside the embeddings themselves; their sum over the text,
    divided by the root of its length; and four dense layers with shortcuts.
    """

    def __init__(self, tensors: dict[str, Floats]) -> None:
        self._tensors = tensors
        self._graph = OnnxGraph()

    def model(self) -> bytes:
        """The serialised graph."""
        vector = self._dense(self._summed(self._of_pieces()))
        name = "universal-sentence-encoder-multilingual-3"
        return self._graph.model(name, takes=("embedded", WIDTH), gives=(vector, WIDTH))

    def _of_pieces(self) -> str:
        every = [f"{{}}{size}" for size, _ in _BRANCHES]
        together = {
            name: np.concatenate([self._tensors[each.format(name)] for each in every], axis=-1)
            for name in ("proj", "proj_b", "ln_g", "ln_b")
        }
        projected = self._graph.node("MatMul", "embedded", self._graph.constant("proj", together["proj"]))
        projected = self._graph.node("Add", projected, self._graph.constant("proj_b", together["proj_b"]))
        normed = self._norm(projected, together["ln_g"], together["ln_b"], "branches")
        columns = self._graph.node("Transpose", normed, perm=[0, 2, 1])
        branches = self._graph.split(columns, _BRANCH, [f"branch{size}" for size, _ in _BRANCHES], axis=1)
        convolved = [self._branch(name, *shape) for name, shape in zip(branches, _BRANCHES, strict=True)]
        return self._graph.node("Concat", "embedded", *convolved, axis=-1)

    def _branch(self, name: str, size: int, before: int) -> str:
        for step in (1, 2):
            kernel = self._tensors[f"w{step}_{size}"].reshape(size, _BRANCH, _BRANCH).transpose(2, 1, 0)
            weights = (self._graph.constant(f"w{step}_{size}", kernel), self._own(f"b{step}_{size}"))
            found = self._graph.node("Relu", self._graph.node("Conv", name, *weights, pads=[before, size - 1 - before]))
            name = self._graph.node("Add", found, name)
        return self._graph.node("Transpose", name, perm=[0, 2, 1])

    def _summed(self, pieces: str) -> str:
        normed = self._norm(pieces, self._tensors["ln_g"], self._tensors["ln_b"], "pieces")
        axes = self._graph.constant("axes", np.array([1], np.int64))
        total = self._graph.node("ReduceSum", normed, axes, keepdims=0)
        # The layer's bias is added once for each piece.
        count = self._graph.node("Cast", self._graph.node("Shape", "embedded", start=1, end=2), to=TensorProto.FLOAT)
        bias = self._graph.node("Mul", count, self._own("cnn_b"))
        total = self._graph.node("Add", self._graph.node("MatMul", total, self._own("cnn_W")), bias)
        return self._graph.node("Div", total, self._graph.node("Sqrt", count))

    def _dense(self, summed: str) -> str:
        first = self._graph.node("Relu", self._product(summed, "d0"))
        second = self._graph.node("Add", self._product(summed, "p1"), self._product(first, "d1"))
        second = self._graph.node("Relu", second)
        third = self._graph.node("Relu", self._product(second, "d2"))
        last = self._graph.node("Add", self._product(second, "p3"), self._product(third, "d3"))
        return self._graph.node("LpNormalization", self._graph.node("Tanh", last), axis=-1, p=2)

    def _product(self, inputs: str, name: str) -> str:
        return self._graph.node("MatMul", inputs, self._own(name))

    def _norm(self, inputs: str, weight: Floats, bias: Floats, name: str) -> str:
        constants = (self._graph.constant(f"{name}.w", weight), self._graph.constant(f"{name}.b", bias))
        return self._graph.node("LayerNormalization", inputs, *constants, axis=-1, epsilon=float(self._tensors["eps"]))

    def _own(self, name: str) -> str:
        return self._graph.constant(name, self._tensors[name])
