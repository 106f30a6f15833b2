"""Finds out whether an operator treats each channel by itself, by trying it with fewer channels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, Graph, Node, Signature, TensorType
from edgec.ops.operator import is_float


def aligned_axis(rank: int, result_rank: int, axis: int) -> int:
    """Return the axis of an operand that meets ``axis`` of the result; negative where none does.

    Axes are counted from the last one, as in broadcasting.
    """
    return axis - result_rank + rank


def constant_axes(graph: Graph, node: Node, axis: int) -> Mapping[int, int]:
    """Return which float constants have an element for each channel of the result, and where.

    Their axis by input index. ``axis`` is that of the channels in the result.
    """
    result = graph.types[node.outputs[0]]
    places = {}
    for index, value in enumerate(node.inputs):
        kind = graph.types[value]
        own = aligned_axis(kind.rank, result.rank, axis)
        constant = value in graph.constants and is_float(kind)
        if constant and own >= 0 and kind.shape[own] == result.shape[axis]:
            places[index] = own
    return places


def passes_channels(graph: Graph, node: Node, axis: int) -> bool:
    """Tell whether fewer channels in give just those channels out, along ``axis`` of the result.

    Random inputs are tried with all channels and with every other one.
    """
    result = graph.types[node.outputs[0]]
    channels = result.shape[axis]
    if channels < 2:  # noqa: PLR2004 - nothing to tell apart
        return False
    return _Probe(graph, node, axis, np.arange(1, channels, 2)).agrees()


@dataclass(eq=False)
class _Probe:
    graph: Graph
    node: Node
    axis: int
    kept: Array

    def agrees(self) -> bool:
        whole = self._operands()
        fewer = [self._cut(index, array) for index, array in enumerate(whole)]
        if all(a is b for a, b in zip(whole, fewer, strict=True)):
            return False
        try:
            expected, actual = self._evaluate(whole), self._evaluate(fewer)
        except (ValueError, IndexError):
            return False
        wanted = expected.take(self.kept, self.axis)
        return wanted.shape == actual.shape and np.allclose(
            wanted, actual, rtol=1e-4, atol=1e-5, equal_nan=True
        )

    def _operands(self) -> list[Array]:
        rng = np.random.default_rng(0)
        constants, types = self.graph.constants, self.graph.types
        return [
            constants[value] if value in constants else _drawn(rng, types[value])
            for value in self.node.inputs
        ]

    def _cut(self, index: int, array: Array) -> Array:
        """Return an operand with the kept channels only; the same where it has none."""
        value = self.node.inputs[index]
        result = self.graph.types[self.node.outputs[0]]
        if value in self.graph.constants:
            own = constant_axes(self.graph, self.node, self.axis).get(index, -1)
        else:
            own = aligned_axis(array.ndim, result.rank, self.axis)
        if own < 0 or array.shape[own] != result.shape[self.axis]:
            return array
        return array.take(self.kept, own)

    def _evaluate(self, operands: list[Array]) -> Array:
        kinds = tuple(
            self.graph.types[value].with_shape(array.shape)
            for value, array in zip(self.node.inputs, operands, strict=True)
        )
        outputs = self.node.op.infer(kinds)
        with np.errstate(all="ignore"):
            (result,) = self.node.op.evaluate(operands, Signature(kinds, outputs))
        if result.shape != outputs[0].shape:
            message = f"{self.node.op} makes {result.shape}, not {outputs[0]}"
            raise ValueError(message)
        return result


def _drawn(rng: np.random.Generator, kind: TensorType) -> Array:
    if not is_float(kind):
        return np.zeros(kind.shape, kind.dtype.numpy)
    return (rng.standard_normal(kind.shape) + 0.5).astype(np.float32)
