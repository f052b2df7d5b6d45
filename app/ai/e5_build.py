"""Builds what the local embedding model has of multilingual-e5-small: an ONNX graph, the word embeddings as a file to
map into memory, and the tokenizer."""

from pathlib import Path

import numpy as np

from app.ai.local_model_files import GRAPH, PIECES, POSITIONS, SCORES, WORDS
from app.ai.model_weights import BLOCK, BLOCK_BYTES, Weights, dequantised, scales_and_nibbles
from app.ai.onnx_graph import MICROSOFT, OnnxGraph

# 7 bits instead of 8: without VNNI, the products of x86's 8-bit instruction saturate silently.
_INT7 = 63


def build(folder: Path) -> None:
    """Writes the files, 95 MB. Raises `WeightsError` when the weights aren't installed."""
    weights = Weights.open()
    (folder / PIECES).write_text("\n".join(weights.pieces), encoding="utf-8")
    np.save(folder / SCORES, weights.scores)
    np.save(folder / WORDS, weights.blocks("emb.word").reshape(-1, weights.shape.hidden // BLOCK, BLOCK_BYTES))
    token_type = weights.floats("emb.type")[: weights.shape.hidden]
    np.save(folder / POSITIONS, weights.floats("emb.pos").reshape(-1, weights.shape.hidden) + token_type)
    (folder / GRAPH).write_bytes(_Graph(weights).model())


class _Graph:
    """The encoder as ONNX: embeddings of one text (1, tokens, hidden) in, one vector (1, hidden) of length 1 out.

    Word and position embeddings are looked up outside, so that they can stay in a mapped file. Weights are 7-bit
    integers with a scale per column; the second feed-forward layer keeps its 4-bit blocks, since its inputs have
    outliers that one scale per text can't hold (cosine to the float model .999 instead of .99, long texts .97).
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._shape = weights.shape
        self._graph = OnnxGraph()

    def model(self) -> bytes:
        """The serialised graph."""
        vector, hidden = self._pooled(self._encoded()), self._shape.hidden
        return self._graph.model("multilingual-e5-small", takes=("embedded", hidden), gives=(vector, hidden))

    def _encoded(self) -> str:
        hidden = self._graph.node(
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
        inner = self._graph.node("Gelu", self._int7(hidden, [layer + "fi"]), domain=MICROSOFT)
        return self._add_and_norm(hidden, self._int4(inner, layer + "fo", self._shape.feed_forward), layer + "oln")

    def _attention(self, layer: str, hidden: str) -> str:
        together = self._int7(hidden, [layer + "q", layer + "k", layer + "v"])
        names = [layer + "query", layer + "key", layer + "value"]
        parts = self._graph.split(together, self._shape.hidden, names, axis=-1)
        return self._graph.node("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=self._shape.heads)

    def _add_and_norm(self, hidden: str, update: str, norm: str) -> str:
        names = (hidden, update, *self._norm(norm))
        return self._graph.node("SkipLayerNormalization", *names, domain=MICROSOFT, epsilon=self._shape.epsilon)

    def _pooled(self, hidden: str) -> str:
        mean = self._graph.node("ReduceMean", hidden, axes=[1], keepdims=0)
        return self._graph.node("LpNormalization", mean, axis=-1, p=2)

    def _int7(self, inputs: str, layers: list[str]) -> str:
        matrices = [dequantised(self._weights.blocks(f"{name}.w")) for name in layers]
        columns = np.concatenate([each.reshape(-1, self._shape.hidden) for each in matrices]).T
        scales = np.abs(columns).max(axis=0) / _INT7
        quantised = np.clip(np.round(columns / scales), -_INT7, _INT7).astype(np.int8)
        name = layers[0]
        return self._graph.node(
            "DynamicQuantizeMatMul",
            inputs,
            self._graph.constant(f"{name}.w", quantised),
            self._graph.constant(f"{name}.scales", scales.astype(np.float32)),
            self._graph.constant(f"{name}.zeros", np.zeros(columns.shape[1], np.int8)),
            self._graph.constant(f"{name}.b", np.concatenate([self._weights.floats(f"{each}.b") for each in layers])),
            domain=MICROSOFT,
        )

    def _int4(self, inputs: str, layer: str, width: int) -> str:
        scales, nibbles = scales_and_nibbles(
            self._weights.blocks(f"{layer}.w").reshape(-1, width // BLOCK, BLOCK_BYTES)
        )
        # The operator wants neighbours in one byte, the file has them 16 apart.
        packed = nibbles[..., 0::2] | (nibbles[..., 1::2] << 4)
        product = self._graph.node(
            "MatMulNBits",
            inputs,
            self._graph.constant(f"{layer}.w", packed),
            self._graph.constant(f"{layer}.scales", scales.reshape(-1)),
            domain=MICROSOFT,
            K=width,
            N=len(packed),
            bits=4,
            block_size=BLOCK,
            accuracy_level=4,
        )
        return self._graph.node("Add", product, self._graph.constant(f"{layer}.b", self._weights.floats(f"{layer}.b")))

    def _norm(self, name: str) -> tuple[str, str]:
        weight, bias = self._weights.floats(f"{name}.w"), self._weights.floats(f"{name}.b")
        return self._graph.constant(f"{name}.w", weight), self._graph.constant(f"{name}.b", bias)
