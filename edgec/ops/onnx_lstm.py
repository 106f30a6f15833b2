"""ONNX LSTM: one node with the usual activations, written out step by step with others."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.clip import Clip
from edgec.ops.fully_connected import FullyConnected
from edgec.ops.lstm import GATES, Lstm
from edgec.ops.onnx_recurrent import Cell, State, Step, Steps, import_recurrent
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.reshape import Reshape
from edgec.ops.slice import Slice

_PEEPHOLES = 7  # the input
_INPUT, _OUTPUT, _FORGET, _NEW = range(4)  # gates as ONNX orders them
_OURS = (_INPUT, _FORGET, _NEW, _OUTPUT)  # as the operator orders them
FROM_OURS = (0, 3, 1, 2)  # where the operator has those of ONNX
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
    return import_recurrent(node, g, Cell(GATES, 2, _USUAL, _prepare, whole))


def _one_node(s: Steps, x: ValueName, state: State, backwards: bool) -> tuple[ValueName, State]:
    """Add the layer as one node, and a slice on each side where it runs from the end."""
    weights = [_gates(s, array, name) for array, name in ((s.weights.w, "W"), (s.weights.r, "R"))]
    bias = _gates(s, s.weights.wb + s.weights.rb, "B")
    shape = (s.g.type(x).shape[1], s.hidden)
    h, c = (_known(s, each, shape, name) for each, name in zip(state, "hc", strict=True))
    x = _turned(s, x, "backwards") if backwards else x
    many = shape[0] > 1
    x = x if many else _axes_swapped(s, x, "batch_first")
    name = "/".join(filter(None, (s.node.name, s.prefix)))
    outputs = [f"{name}/{each}" for each in ("y", "h", "c", "cells")]
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
    return [s.constant(parts[gate], f"{s.prefix}{name}{gate}") for gate in _OURS]


def _known(s: Steps, state: ValueName | None, shape: tuple[int, int], name: str) -> ValueName:
    return s.constant(np.zeros(shape, np.float32), f"{s.prefix}{name}0") if state is None else state


def _turned(s: Steps, x: ValueName, name: str) -> ValueName:
    """Return a sequence from its end to its begin."""
    whole = Slice.whole(s.g.type(x).shape)
    return s.add(whole.along(0, whole.sizes[0] - 1, whole.sizes[0], -1), x, name=name)


def _prepare(s: Steps, clip: float = 0.0) -> tuple[Step, Array]:
    r = s.constant(s.weights.r, f"{s.prefix}R")

    def step(s: Steps, x: ValueName, state: State) -> State:
        h, c = state
        product = None if h is None else s.repeat(FullyConnected(), h, r, name="hidden")
        return _next(s, s.plus(x, product, "gates"), c, clip)

    return step, s.weights.wb + s.weights.rb


def _next(s: Steps, gates: ValueName, c: ValueName | None, clip: float) -> State:
    f, g, h = s.activations
    open_ = s.add(f, s.gate(gates, _INPUT, 3, "gates_iof"), name="iof")
    new = s.add(g, s.gate(gates, _NEW, 1, "gates_c"), name="new")
    added = s.mul(s.gate(open_, _INPUT, 1, "i"), new, "added")
    kept = None if c is None else s.mul(s.gate(open_, _FORGET, 1, "f"), c, "kept")
    cell = s.plus(added, kept, "c")
    cell = s.repeat(Clip(low=-clip, high=clip), cell, name="clipped") if clip else cell
    return s.mul(s.gate(open_, _OUTPUT, 1, "o"), s.add(h, cell, name="squashed"), "h"), cell


def step_by_step(clip: float) -> Cell:
    """Return the layer with the usual activations, written out; 0 is no clip of c."""
    return Cell(GATES, 2, _USUAL, partial(_prepare, clip=clip))
