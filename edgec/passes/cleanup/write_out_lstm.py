"""A float LSTM as its steps: for int16 activations, which the operator does not have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, GraphBuilder, Node, Signature, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.tanh import Tanh
from edgec.ops.layers.lstm import BIASES, CELL, HIDDEN, RECURRENT, WEIGHTS, Lstm, X
from edgec.ops.layers.lstm_steps import FROM_OPERATOR, step_by_step
from edgec.ops.layers.recurrent_steps import MAX_STEPS, Run, Steps, Weights
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import is_float
from edgec.passes.rewrite import Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class WriteOutLstm:
    """Layers with constant weights become products, tables and sums for each step.

    Those of too many steps stay.
    """

    name: ClassVar[str] = "write_out_lstm"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _written_out)


def _written_out(node: Node, around: Neighborhood) -> Replacement | None:
    op = node.op
    if not isinstance(op, Lstm) or not is_float(around.type(node.inputs[X])):
        return None
    found = [around.constant(value) for value in node.inputs[WEIGHTS:HIDDEN]]
    arrays = [array for array in found if array is not None]
    if len(arrays) < HIDDEN - WEIGHTS or _steps(op, around.signature(node)) > MAX_STEPS:
        return None
    states = {
        index: around.constant(node.inputs[index])
        for index in (HIDDEN, CELL)
        if _is_state(around.constant(node.inputs[index]))
    }
    written = _graph(node, op, around.signature(node), arrays, states)
    read = (X, *(index for index, first in states.items() if first is None))
    names = dict(zip(written.inputs, (node.inputs[i] for i in read), strict=True))
    names |= dict(zip(written.outputs, node.outputs, strict=False))
    return _spliced(written, names, node, around)


def _steps(op: Lstm, signature: Signature) -> int:
    return signature.inputs[X].shape[0 if op.time_major else 1]


def _is_state(first: Array | None) -> bool:
    """Tell whether a layer begins with anything but zeros."""
    return first is None or bool(first.any())


def _graph(
    node: Node,
    op: Lstm,
    signature: Signature,
    arrays: list[Array],
    states: Mapping[int, Array | None],
) -> Graph:
    """Return x and the states that are computed -> y, the last h and c.

    ``states`` are those that are not zero, None where they are computed.
    """
    g = GraphBuilder(node.name)
    x = g.input("x", signature.inputs[X])
    first = {
        index: g.input(f"state{index}", signature.inputs[index])
        if array is None
        else g.constant(f"state{index}", array)
        for index, array in states.items()
    }
    layer = Steps(node.name, g, _weights(arrays), (Logistic(), Tanh(), Tanh()))
    if not op.time_major:
        x = layer.add(Transpose(perm=(1, 0, 2)), x, name="steps_first")
    clip = op.cell_clip if states or op.cell_clip < _steps(op, signature) else 0.0
    cell = step_by_step(clip)  # from zero, c grows by 1 in a step and no more
    run = Run(layer, cell, (first.get(HIDDEN), first.get(CELL)), backwards=False)
    sequence, last = run.run(x)
    shape = (*g.type(x).shape[:2], layer.hidden)
    y = layer.add(Reshape(shape=shape), sequence, name="y")
    if not op.time_major:
        y = layer.add(Transpose(perm=(1, 0, 2)), y, name="batch_first")
    ends = [
        layer.add(Reshape(shape=g.type(value).shape), value, name="last")
        for value in last
        if value is not None
    ]
    return g.build([y, *ends])


def _weights(arrays: list[Array]) -> Weights:
    w, r, b = (
        np.concatenate([arrays[first - WEIGHTS + gate] for gate in FROM_OPERATOR])
        for first in (WEIGHTS, RECURRENT, BIASES)
    )
    return Weights(w, r, b, np.zeros_like(b))


def _spliced(
    written: Graph, names: Mapping[ValueName, ValueName], node: Node, around: Neighborhood
) -> Replacement:
    """Return the nodes of a graph in place of a node, under names that are free."""
    new, taken = dict(names), set[str]()
    for value in written.types:
        if value not in new:
            new[value] = around.unused_value(value, taken)
            taken.add(new[value])
    inner = written.renamed(new)
    origins = node.origins or (node.name,)
    named: list[Node] = []
    called = {each.name for each in inner.nodes}  # nobody's new name may be another's old one
    for each in inner.nodes:
        called.discard(each.name)
        name = around.unused_node(each.name, taken=called)
        called.add(name)
        named.append(Node(name, each.op, each.inputs, each.outputs, origins))
    added = {value: kind for value, kind in inner.types.items() if value not in names.values()}
    return Replacement(named, {}, added, inner.constants)
