"""Refits the layers behind what was pruned, so that their outputs are again what they were.

Layer by layer, in order: each layer's inputs are those that it gets from the repaired layers
before it, its wanted outputs those of the original network, before the activation. Source: He et
al. 2017 (Channel pruning for accelerating very deep neural networks).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, Graph, Node, TensorType, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.ops.operator import Activation
from edgec.passes.rewrite import unused
from edgec.pruning.least_squares import Sums, refit
from edgec.pruning.weight_choice import shared_weights, weight_layers
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.weights.weight_rows import input_rows

# Chosen by hand; no measurement is on record of these numbers: a covariance of 4096 inputs has 128
# MiB in float64, and solving it takes time with the third power. Rounds end early where nothing is
# clamped.
_WIDEST = 4096  # inputs of an output; beyond it the covariances are too large to solve
_ROUNDS = 3
_ROWS = 200_000  # of a layer's inputs: more do not make the fit better
OnProgress = Callable[[int, int], None]


@dataclass(eq=False)
class Reconstruction:
    """``pruned`` has the nodes of ``original``, some with fewer channels.

    ``kept_outputs`` and ``masks`` are by node name: which output channels of a layer are left, and
    which of its (pruned) weights may differ from 0. ``inputs`` are [samples, *shape].
    """

    original: Graph
    pruned: Graph
    kept_outputs: Mapping[str, Array]
    masks: Mapping[str, Array]
    inputs: Values
    _graph: Graph = field(init=False)
    _wanted: Values = field(init=False)
    _values: Values = field(init=False)

    def run(self, on_progress: OnProgress | None = None) -> Graph:
        """Return the pruned graph with weights and biases that make up for what is missing."""
        self._graph = self.pruned
        self._wanted = BatchEvaluator(self.original).run(self.inputs)
        self._values = dict(self.inputs)
        layers = self._fitted_layers()
        for done, before in enumerate(self.original.nodes):
            if before.name in layers and self._needs_refit(before):
                self._refit(before, done)
            BatchEvaluator(self._graph).add(self._graph.nodes[done], self._values)
            if on_progress is not None:
                on_progress(done + 1, len(self.original.nodes))
        return self._graph

    def _fitted_layers(self) -> set[str]:
        """Return the layers that can be fitted: their weights are matrices and theirs alone."""
        shared = shared_weights(self.pruned)
        return {
            node.name
            for node in weight_layers(self.pruned)
            if isinstance(node.op, MatrixLayer) and node.op.weights_of(node) not in shared
        }

    def _needs_refit(self, node: Node) -> bool:
        x = node.inputs[0]
        same = self._wanted[x].shape == self._values[x].shape and np.array_equal(
            self._wanted[x], self._values[x]
        )
        return not same or node.name in self.masks or bool(np.any(self._error_beside(node)))

    def _refit(self, before: Node, index: int) -> None:
        node = self._graph.nodes[index]
        op, x = _layer(node), self._values[node.inputs[0]]
        weights = self._graph.constants[op.weights_of(node)]
        rows = op.weight_rows(weights.astype(np.float64), x.shape[-1])
        mask = self.masks.get(node.name)
        mask = None if mask is None else op.weight_rows(mask, x.shape[-1])
        ideal = self._targets(before)
        wanted = ideal
        for _ in range(_ROUNDS):
            fitted, bias = self._fit(node, rows, mask, wanted)
            self._put(index, op.weights_from_rows(fitted, weights.shape), bias.reshape(-1))
            node = self._graph.nodes[index]
            wanted = _clamped_alike(
                node, ideal, self._linear_output(self._graph, node, self._values)
            )
            if wanted is ideal:
                break

    def _fit(
        self, node: Node, rows: Array, mask: Array | None, wanted: Array
    ) -> tuple[Array, Array]:
        """Return weights as rows and bias; the weights as they are where they are too many."""
        if rows.shape[2] <= _WIDEST:
            return refit(self._halves(node, rows.shape, wanted), rows, mask)
        output = self._linear_output(self._graph, node, self._values)
        error = (wanted - output).reshape(-1, wanted.shape[-1]).mean(axis=0, dtype=np.float64)
        bias = [self._graph.constants[value] for value in node.inputs[2:]]
        return rows, error + bias[0] if bias else error

    def _halves(self, node: Node, shape: tuple[int, ...], wanted: Array) -> list[Sums]:
        """Return the sums over every other chunk of samples, and over those in between, if any."""
        halves: list[Sums] = []
        x = self._values[node.inputs[0]]
        groups, outputs, depth = shape
        every = max(1, wanted.size // wanted.shape[-1] // _ROWS)
        start = 0
        for number, rows in enumerate(input_rows(_layer(node), x, depth)):
            y = wanted.reshape(-1, groups, outputs)[start : start + rows.shape[1]]
            start += rows.shape[1]
            sums = Sums.of(rows[:, ::every], y.transpose(1, 0, 2)[:, ::every])
            if number < 2:  # noqa: PLR2004 - halves
                halves.append(sums)
            else:
                halves[number % 2] += sums
        return halves

    def _targets(self, node: Node) -> Array:
        """Return what the layer should give, before its activation: [samples, *shape]."""
        result = self._linear_output(self.original, node, self._wanted)
        return result[..., self.kept_outputs[node.name]] + self._error_beside(node)

    @staticmethod
    def _linear_output(graph: Graph, node: Node, values: Values) -> Array:
        x = {node.inputs[0]: values[node.inputs[0]]}
        BatchEvaluator(graph).add(_linear(node), x)
        return x[node.outputs[0]]

    def _error_beside(self, node: Node) -> Array | float:
        """Return what a residual connection lacks that the layer's output is added to."""
        value = node.outputs[0]
        readers = self.original.consumers().get(value, [])
        if (
            len(readers) != 1
            or not isinstance(readers[0].op, Add)
            or value in self.original.outputs
        ):
            return 0.0
        others = [each for each in readers[0].inputs if each != value]
        if len(others) != 1 or others[0] not in self._values:
            return 0.0
        other = others[0]
        if _layer(node).clamp is not Activation.NONE:
            return 0.0
        wanted = self._wanted[other][..., self.kept_outputs[node.name]]
        return np.asarray(wanted - self._values[other])

    def _put(self, index: int, weights: Array, bias: Array) -> None:
        """Give a node new weights and bias, under names of their own where they are shared."""
        node = self._graph.nodes[index]
        arrays = (np.asarray(weights, np.float32), np.asarray(bias, np.float32))
        names = [node.inputs[1], *node.inputs[2:]]
        constants: dict[ValueName, Array] = {}
        for position, array in enumerate(arrays):
            name = names[position] if position < len(names) else ValueName(f"{node.name}.bias")
            if position >= len(names) or self._readers(name) > 1:
                name = ValueName(unused(name, set(self._graph.types)))
            constants[name] = array
        types = {name: TensorType(array.shape) for name, array in constants.items()}
        nodes = list(self._graph.nodes)
        nodes[index] = replace(node, inputs=(node.inputs[0], *constants))
        self._graph = self._graph.with_nodes(nodes, types=types, constants=constants)

    def _readers(self, value: ValueName) -> int:
        return sum(node.inputs.count(value) for node in self._graph.nodes)


def _linear(node: Node) -> Node:
    """Return a layer without its activation."""
    return replace(node, op=_layer(node).unclamped())


def _layer(node: Node) -> MatrixLayer:
    assert isinstance(node.op, MatrixLayer)  # noqa: S101 - see Reconstruction._fitted_layers
    return node.op


def _clamped_alike(node: Node, ideal: Array, actual: Array) -> Array:
    """Return what to aim at: nothing is missing where both outputs are clamped alike."""
    low, high = _layer(node).clamp.bounds
    if np.isinf(low) and np.isinf(high):
        return ideal
    wanted = np.where(ideal <= low, np.minimum(actual, low), ideal)
    return np.where(ideal >= high, np.maximum(actual, high), wanted)
