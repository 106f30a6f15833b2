"""ONNX LSTM: one node with the usual activations, written out step by step with others."""

from collections.abc import Sequence

import numpy as np

from edgec.frontends.onnx.operators.recurrent import import_recurrent
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.layers.lstm import GATES, Lstm
from edgec.ops.layers.lstm_steps import TO_OPERATOR, prepare
from edgec.ops.layers.recurrent_steps import Cell, State, Steps
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.registry import Format, SourceNode, importer

_PEEPHOLES = 7  # the input
_USUAL = ("sigmoid", "tanh", "tanh")


@importer(Format.ONNX, "LSTM")
def import_lstm(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add c = f * c + i * new, h = o * tanh(c); i, o, f and new are made of the inputs and h."""
    if node.flag("input_forget", default=False):
        raise node.reject("input_forget = 1 couples two gates", help="train with separate gates")
    peepholes = node.inputs[_PEEPHOLES] if len(node.inputs) > _PEEPHOLES else None
    if peepholes is not None and node.constant(g, _PEEPHOLES).any():
        raise node.reject("peepholes are not supported", help="train without peepholes")
    known = [str(each).lower() for each in node.attrs.get("activations") or _USUAL]
    is_usual = all(each == _USUAL[i % len(_USUAL)] for i, each in enumerate(known))
    whole = _one_node if is_usual else None
    return import_recurrent(node, g, Cell(GATES, 2, _USUAL, prepare, whole))


def _one_node(s: Steps, x: ValueName, state: State, backwards: bool) -> tuple[ValueName, State]:
    """Add the layer as one node, and a slice on each side where it runs from the end."""
    weights = [_gates(s, array, name) for array, name in ((s.weights.w, "W"), (s.weights.r, "R"))]
    bias = _gates(s, s.weights.wb + s.weights.rb, "B")
    shape = (s.g.type(x).shape[1], s.hidden)
    h, c = (_known(s, each, shape, name) for each, name in zip(state, "hc", strict=True))
    x = _turned(s, x, "backwards") if backwards else x
    many = shape[0] > 1
    x = x if many else _axes_swapped(s, x, "batch_first")
    name = "/".join(filter(None, (s.layer, s.prefix)))
    outputs = [f"{name}/{each}" for each in ("y", "y/next_h", "y/next_c", "y/cells")]
    op = Lstm(time_major=many, shows_cells=True)
    inputs = [x, *weights[0], *weights[1], *bias, h, c]
    y, next_h, next_c, _ = s.g.add(op, inputs, name=name, outputs=outputs)
    y = y if many else _axes_swapped(s, y, "steps_first")
    return _turned(s, y, "forwards") if backwards else y, (next_h, next_c)


def _axes_swapped(s: Steps, x: ValueName, name: str) -> ValueName:
    """Swap steps with a batch of one: no byte moves, and samples stay apart on the first axis."""
    first, second, depth = s.g.type(x).shape
    return s.add(Reshape(shape=(second, first, depth)), x, name=name)


def _gates(s: Steps, array: Array, name: str) -> list[ValueName]:
    """Return the rows of each gate, in the operator's order."""
    parts = np.split(array, GATES)
    return [s.constant(parts[gate], f"{s.prefix}{name}{gate}") for gate in TO_OPERATOR]


def _known(s: Steps, state: ValueName | None, shape: tuple[int, int], name: str) -> ValueName:
    return s.constant(np.zeros(shape, np.float32), f"{s.prefix}{name}0") if state is None else state


def _turned(s: Steps, x: ValueName, name: str) -> ValueName:
    """Return a sequence from its end to its begin."""
    whole = Slice.whole(s.g.type(x).shape)
    return s.add(whole.along(0, whole.sizes[0] - 1, whole.sizes[0], -1), x, name=name)
