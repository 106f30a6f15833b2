"""Evaluates a graph on many samples at once: NumPy is fast on large arrays only.

Graphs are made for one sample. A node whose operator maps the batch axis through is evaluated once
on all samples; views are reshaped; any other node is evaluated sample by sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, Graph, Node, Signature, TensorType, ValueName
from edgec.ops.operator import Operator

Values = dict[ValueName, Array]
"""Activations of all samples: [samples, *shape of the value]."""

_PROBE = 7919  # a number of samples that no shape of a model has by chance


@dataclass(eq=False)
class BatchEvaluator:
    """Evaluates the nodes of one graph; integer graphs exactly, as :func:`edgec.ir.evaluate`."""

    graph: Graph
    _mapped: dict[str, bool] = field(default_factory=dict)

    def run(self, inputs: Mapping[ValueName, Array]) -> Values:
        """Return every activation for inputs [samples, *shape]."""
        values: Values = {name: inputs[name] for name in self.graph.inputs}
        for node in self.graph.nodes:
            self.add(node, values)
        return values

    def add(self, node: Node, values: Values) -> None:
        """Evaluate one node and add its outputs to ``values``, which has its inputs."""
        operands = [values.get(value) for value in node.inputs]
        samples = next((len(each) for each in operands if each is not None), 1)
        if self._is_view(node, operands):
            (x,) = operands
            assert x is not None  # noqa: S101 - a view of a constant is folded
            values[node.outputs[0]] = x.reshape(samples, *self.graph.types[node.outputs[0]].shape)
        elif self._maps_batch(node):
            values.update(self._at_once(node, operands, samples))
        else:
            values.update(self._one_by_one(node, operands, samples))

    def _is_view(self, node: Node, operands: Sequence[Array | None]) -> bool:
        return isinstance(node.op, Operator) and node.op.is_view and operands[0] is not None

    def _at_once(self, node: Node, operands: Sequence[Array | None], samples: int) -> Values:
        arrays = [
            self.graph.constants[value] if x is None else x.reshape(samples, *x.shape[2:])
            for value, x in zip(node.inputs, operands, strict=True)
        ]
        results = node.op.evaluate(arrays, self._batched(node, samples))
        return {
            value: y.reshape(samples, *self.graph.types[value].shape)
            for value, y in zip(node.outputs, results, strict=True)
        }

    def _one_by_one(self, node: Node, operands: Sequence[Array | None], samples: int) -> Values:
        signature = self.graph.signature(node)
        rows = [
            node.op.evaluate(
                [
                    self.graph.constants[value] if x is None else x[index]
                    for value, x in zip(node.inputs, operands, strict=True)
                ],
                signature,
            )
            for index in range(samples)
        ]
        columns = zip(*rows, strict=True)
        return {value: np.stack(y) for value, y in zip(node.outputs, columns, strict=True)}

    def _batched(self, node: Node, samples: int) -> Signature:
        """Return the signature with the leading axis of each activation as long as the batch."""
        signature = self.graph.signature(node)
        inputs = [
            kind if value in self.graph.constants else _stretched(kind, samples)
            for value, kind in zip(node.inputs, signature.inputs, strict=True)
        ]
        outputs = [_stretched(kind, samples) for kind in signature.outputs]
        return Signature(tuple(inputs), tuple(outputs))

    def _maps_batch(self, node: Node) -> bool:
        if node.name not in self._mapped:
            self._mapped[node.name] = self._infers_batch(node) and self._keeps_samples_apart(node)
        return self._mapped[node.name]

    def _infers_batch(self, node: Node) -> bool:
        """Tell whether a longer leading axis of the inputs gives just that of the outputs."""
        types, constants = self.graph.types, self.graph.constants
        activations = [value for value in node.inputs if value not in constants]
        if any(types[value].shape[:1] != (1,) for value in (*activations, *node.outputs)):
            return False
        wanted = self._batched(node, _PROBE)
        try:
            inferred = node.op.infer(wanted.inputs)
        except ValueError:
            return False
        return [kind.shape for kind in inferred] == [kind.shape for kind in wanted.outputs]

    def _keeps_samples_apart(self, node: Node) -> bool:
        """Tell whether two different samples give together what they give one by one."""
        rng = np.random.default_rng(0)
        operands = [
            None if value in self.graph.constants else _drawn(rng, self.graph.types[value])
            for value in node.inputs
        ]
        together = self._at_once(node, operands, 2)
        apart = self._one_by_one(node, operands, 2)
        return all(
            np.allclose(together[value], apart[value], rtol=1e-4, atol=1e-4) for value in together
        )


def _stretched(kind: TensorType, samples: int) -> TensorType:
    return kind.with_shape((samples, *kind.shape[1:]))


def _drawn(rng: np.random.Generator, kind: TensorType) -> Array:
    """Return two samples: small floats, or integers of the whole range."""
    shape = (2, *kind.shape)
    if not kind.dtype.is_integer:
        return rng.standard_normal(shape).astype(kind.dtype.numpy)
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, shape, kind.dtype.numpy)
