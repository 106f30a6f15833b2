"""Evaluates a graph on many samples at once: NumPy is fast on large arrays only.

Graphs are made for one sample. A node whose operator takes any number of rows along its first axis
is evaluated once on those of all samples; views are reshaped; an operator that has a form for
samples stacked along a new axis is evaluated once in it; any other node sample by sample.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from edgec.ir import Array, DType, Graph, Node, Op, Signature, TensorType, ValueName
from edgec.ops.operator import Operator
from edgec.quantization.samples.blocks import kept_of_all

Values = dict[ValueName, Array]
"""Activations of all samples: [samples, *shape of the value]."""

_PROBE = 7919  # a number of samples that no shape of a model has by chance
_SCRATCH_BYTES = 8 << 20  # of unfolded windows and wide sums: what a convolution needs
_WIDE = 16  # bytes of an element of these: there are two copies in 64 bits


class _Way(Enum):
    """How a node is evaluated on many samples."""

    VIEW = "its input in another shape"
    IN_ROWS = "at once, the rows of one sample after those of the other"
    STACKED = "at once, samples along a new first axis"
    ONE_BY_ONE = "sample by sample"


_known: dict[Hashable, _Way] = {}
"""The way of every kind of node met so far: searches evaluate a graph and its like many times."""


@dataclass(eq=False)
class BatchEvaluator:
    """Evaluates the nodes of one graph; integer graphs exactly, as :func:`edgec.ir.evaluate`."""

    graph: Graph
    _ways: dict[str, _Way] = field(default_factory=dict)
    _signatures: dict[tuple[str, int], Signature] = field(default_factory=dict)
    _chunks: dict[str, int] = field(default_factory=dict)

    def run(
        self, inputs: Mapping[ValueName, Array], keep: Collection[ValueName] | None = None
    ) -> Values:
        """Return every activation for inputs [samples, *shape]; only those to ``keep``, if given.

        The others then take no more memory than a block of samples needs.
        """
        if keep is not None:
            return kept_of_all(self.graph, inputs, keep, self._start, self.add)
        values = self._start(inputs)
        for node in self.graph.nodes:
            self.add(node, values)
        return values

    def _start(self, inputs: Mapping[ValueName, Array]) -> Values:
        return {name: inputs[name] for name in self.graph.inputs}

    def add(self, node: Node, values: Values) -> None:
        """Evaluate one node and add its outputs to ``values``, which has its inputs."""
        operands = [values.get(value) for value in node.inputs]
        samples = next((len(each) for each in operands if each is not None), 1)
        way = self._way(node)
        if way is _Way.VIEW:
            (x,) = operands
            assert x is not None  # noqa: S101 - a view of a constant is folded
            values[node.outputs[0]] = x.reshape(samples, *self.graph.types[node.outputs[0]].shape)
        elif way is _Way.IN_ROWS:
            values.update(self._in_chunks(node, operands, samples, self._in_rows))
        elif way is _Way.STACKED:
            values.update(self._in_chunks(node, operands, samples, self._stacked))
        else:
            values.update(self._one_by_one(node, operands, samples))

    def _way(self, node: Node) -> _Way:
        if node.name not in self._ways:
            key = self._kind(node)
            if key not in _known:
                _known[key] = self._found_way(node)
            self._ways[node.name] = _known[key]
        return self._ways[node.name]

    def _kind(self, node: Node) -> Hashable:
        """Return what a node's way follows from: numbers matter only where they are indices."""
        signature, constants = self.graph.signature(node), self.graph.constants
        operands = [
            None
            if value not in constants
            else (constants[value].tobytes() if _may_be_indices(kind) else b"")
            for value, kind in zip(node.inputs, signature.inputs, strict=True)
        ]
        return node.op, signature.inputs, signature.outputs, *operands

    def _found_way(self, node: Node) -> _Way:
        activations = [value for value in node.inputs if value not in self.graph.constants]
        if activations and isinstance(node.op, Operator) and node.op.is_view:
            return _Way.VIEW
        if self._infers_rows(node, activations) and self._keeps_samples_apart(node):
            return _Way.IN_ROWS
        if len(activations) == len(node.inputs) > 0 and self._stacked_operator(node, 1):
            return _Way.STACKED
        return _Way.ONE_BY_ONE

    def _in_chunks(
        self,
        node: Node,
        operands: Sequence[Array | None],
        samples: int,
        evaluate: Callable[[Node, Sequence[Array | None], int], Values],
    ) -> Values:
        """Evaluate a node on as many samples at a time as its intermediate results are small."""
        size = self._chunk(node)
        if size >= samples:
            return evaluate(node, operands, samples)
        results: Values = {}
        for start in range(0, samples, size):
            end = min(start + size, samples)
            part = [None if x is None else x[start:end] for x in operands]
            for value, y in evaluate(node, part, end - start).items():
                if value not in results:
                    results[value] = np.empty((samples, *y.shape[1:]), y.dtype)
                results[value][start:end] = y
        return results

    def _chunk(self, node: Node) -> int:
        """Return how many samples' intermediate results, in 64 bits, take ``_SCRATCH_BYTES``."""
        if node.name not in self._chunks:
            signature = self.graph.signature(node)
            read = [self.graph.types[v] for v in node.inputs if v not in self.graph.constants]
            elements = sum(kind.elements for kind in (*read, *signature.outputs))
            elements += node.op.unfolded(signature)
            self._chunks[node.name] = max(1, _SCRATCH_BYTES // max(1, _WIDE * elements))
        return self._chunks[node.name]

    def _in_rows(self, node: Node, operands: Sequence[Array | None], samples: int) -> Values:
        arrays = [
            self.graph.constants[value] if x is None else x.reshape(-1, *x.shape[2:])
            for value, x in zip(node.inputs, operands, strict=True)
        ]
        results = node.op.evaluate(arrays, self._in_samples(node, samples))
        return {
            value: y.reshape(samples, *self.graph.types[value].shape)
            for value, y in zip(node.outputs, results, strict=True)
        }

    def _stacked(self, node: Node, operands: Sequence[Array | None], samples: int) -> Values:
        op, signature = self._stacked_operator(node, samples), self.graph.signature(node)
        assert op is not None  # noqa: S101 - its way says so
        stacked = Signature(
            tuple(_stacked_type(kind, samples) for kind in signature.inputs),
            tuple(_stacked_type(kind, samples) for kind in signature.outputs),
        )
        arrays = [x for x in operands if x is not None]
        return dict(zip(node.outputs, op.evaluate(arrays, stacked), strict=True))

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

    @staticmethod
    def _stacked_operator(node: Node, samples: int) -> Op | None:
        return node.op.stacked(samples) if isinstance(node.op, Operator) else None

    def _in_samples(self, node: Node, samples: int) -> Signature:
        """Return the signature with ``samples`` times the first axis of each activation."""
        key = (node.name, samples)
        if key not in self._signatures:
            signature = self.graph.signature(node)
            inputs = [
                kind if value in self.graph.constants else _longer(kind, samples)
                for value, kind in zip(node.inputs, signature.inputs, strict=True)
            ]
            outputs = [_longer(kind, samples) for kind in signature.outputs]
            self._signatures[key] = Signature(tuple(inputs), tuple(outputs))
        return self._signatures[key]

    def _infers_rows(self, node: Node, activations: Sequence[ValueName]) -> bool:
        """Tell whether a longer first axis of the inputs gives just that of the outputs."""
        if not all(self.graph.types[value].rank for value in (*activations, *node.outputs)):
            return False
        wanted = self._in_samples(node, _PROBE)
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
        with np.errstate(all="ignore"):  # they may be larger than any real ones
            together = self._in_rows(node, operands, 2)
            apart = self._one_by_one(node, operands, 2)
        return all(
            np.allclose(together[value], apart[value], rtol=1e-4, atol=1e-4) for value in together
        )


def _longer(kind: TensorType, times: int) -> TensorType:
    return kind.with_shape((times * kind.shape[0], *kind.shape[1:]))


def _stacked_type(kind: TensorType, samples: int) -> TensorType:
    return kind.with_shape((samples, *kind.shape))


def _may_be_indices(kind: TensorType) -> bool:
    return kind.dtype.is_integer and kind.qparams is None


def _drawn(rng: np.random.Generator, kind: TensorType) -> Array:
    """Return two samples: small floats, or integers of the whole range."""
    shape = (2, *kind.shape)
    if kind.dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if not kind.dtype.is_integer:
        return rng.standard_normal(shape).astype(kind.dtype.numpy)
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, shape, kind.dtype.numpy)
