"""Writing a model down as an ONNX graph, node by node."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"  # onnxruntime's own operators
_OPSET = 17
_IR_VERSION = 8


class OnnxGraph:
    """Nodes and constants so far. Every method returns the name by which later nodes refer to a result."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, name: str, value: Any) -> str:
        """Adds an array under a name of its own."""
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one result."""
        output = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], output, domain=domain, **attributes))
        return output

    def split(self, inputs: str, size: int, into: Sequence[str], *, axis: int) -> Sequence[str]:
        """Cuts a result into parts of equal size, under the names given."""
        sizes = self.constant(f"{into[0]}.sizes", np.array([size] * len(into), np.int64))
        self._nodes.append(helper.make_node("Split", [inputs, sizes], list(into), axis=axis))
        return into

    def model(self, name: str, *, takes: tuple[str, int], gives: tuple[str, int]) -> bytes:
        """The serialised model, for onnxruntime on any CPU: floats (1, any number, n) in, floats (1, m) out."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(takes[0], TensorProto.FLOAT, [1, "pieces", takes[1]])],
            [helper.make_tensor_value_info(gives[0], TensorProto.FLOAT, [1, gives[1]])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(MICROSOFT, 1)]
        serialised: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION).SerializeToString()
        return serialised
