"""The integer graph in floats: dequantized constants, every activation rounded to its grid.

Differs from the integers by a rare step of one, and is several times faster: searches use it, the
exact integers decide in the end.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize, dequantized
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.movement.reshape import Reshape
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.blocks import kept_of_all


def on_grid(x: Array, kind: TensorType) -> Array:
    """Return float32 ``x`` rounded to what the integers of ``kind`` can represent."""
    q, limits = kind.quantization, np.iinfo(kind.dtype.numpy)
    steps = x * np.float32(1 / q.scale)
    np.rint(steps, out=steps)
    np.clip(steps, limits.min - q.zero_point, limits.max - q.zero_point, out=steps)
    steps *= np.float32(q.scale)
    return np.asarray(steps)


def float_twin(graph: Graph) -> Graph:
    """Return the float graph that computes what an integer graph does, without its roundings."""
    types = {value: _unquantized(kind) for value, kind in graph.types.items()}
    constants = {
        value: dequantized_constant(array, graph.types[value])
        for value, array in graph.constants.items()
    }
    nodes = tuple(_float_node(graph, node) for node in graph.nodes)
    return replace(graph, nodes=nodes, types=types, constants=constants)


def dequantized_constant(array: Array, kind: TensorType) -> Array:
    """Return the float32 numbers of a constant, quantized per tensor or per channel."""
    q = kind.qparams
    if q is None or q.axis is None:
        return array if q is None else dequantized(array, kind)
    extent = [1] * kind.rank
    extent[q.axis] = -1
    scales = np.array(q.scales, np.float64).reshape(extent)
    return np.asarray(array * scales, np.float32)


def _unquantized(kind: TensorType) -> TensorType:
    return TensorType(kind.shape, DType.FLOAT32) if kind.qparams else kind


def _float_node(graph: Graph, node: Node) -> Node:
    """Return a node for floats; a change of scales does nothing but round, which comes anyway.

    To floats it does nothing at all: a value becomes a number that a Cast makes an index of.
    """
    if not isinstance(node.op, Dequantize | Quantize):
        return node
    return replace(node, op=Reshape(shape=graph.types[node.outputs[0]].shape))


@dataclass(frozen=True, eq=False)
class Simulation:
    """Evaluates a float graph and rounds every value to the grid that ``kinds`` has for it.

    Values without one stay as they are. With a float graph and the types of the integer graph that
    is made from it, weights stay exact and only activations are rounded.
    """

    graph: Graph
    kinds: Mapping[ValueName, TensorType]
    evaluator: BatchEvaluator

    @classmethod
    def rounding(cls, graph: Graph, kinds: Mapping[ValueName, TensorType]) -> "Simulation":
        return cls(graph, kinds, BatchEvaluator(graph))

    @classmethod
    def of(cls, graph: Graph) -> "Simulation":
        """Simulate an integer graph, weights and all."""
        return cls.rounding(float_twin(graph), graph.types)

    def run(
        self, inputs: Mapping[ValueName, Array], keep: Collection[ValueName] | None = None
    ) -> Values:
        """Return every activation, on its grid, for float inputs [samples, *shape].

        Only those to ``keep``, if given; see :meth:`BatchEvaluator.run`.
        """
        if keep is not None:
            return kept_of_all(self.graph, inputs, keep, self.start, self.step)
        values = self.start(inputs)
        for node in self.graph.nodes:
            self.step(node, values)
        return values

    def rerun(
        self, before: Values, inputs: Mapping[ValueName, Array], changed: Collection[ValueName]
    ) -> Values:
        """Return every activation after the grids of some values changed; the rest is reused."""
        values, stale = dict(before), set(changed)
        for name in stale.intersection(self.graph.inputs):
            values[name] = self._rounded(name, inputs[name])
        for node in self.graph.nodes:
            if stale.intersection((*node.inputs, *node.outputs)):
                self.step(node, values)
                stale.update(node.outputs)
        return values

    def start(self, inputs: Mapping[ValueName, Array]) -> Values:
        return {name: self._rounded(name, inputs[name]) for name in self.graph.inputs}

    def step(self, node: Node, values: Values) -> None:
        """Evaluate one node."""
        self.evaluator.add(node, values)
        for value in node.outputs:
            values[value] = self._rounded(value, values[value])

    def _rounded(self, value: ValueName, x: Array) -> Array:
        kind = self.kinds.get(value)
        return x if kind is None or kind.qparams is None else on_grid(x, kind)
