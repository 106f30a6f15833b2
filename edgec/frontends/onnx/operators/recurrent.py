"""ONNX LSTM, GRU and RNN: what they have in common; a layer becomes its steps, or one node."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.softplus import Softplus
from edgec.ops.activations.softsign import Softsign
from edgec.ops.activations.tanh import Tanh
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.functions.unary import Unary
from edgec.ops.layers.recurrent_steps import (
    MAX_STEPS,
    Cell,
    Run,
    State,
    Steps,
    Weights,
    joined,
    reshaped,
)
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.registry import SourceNode

_RANK = 3  # of the sequence
_BIAS, _LENGTHS, _HIDDEN, _CELL = 3, 4, 5, 6  # optional inputs
_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
_ACTIVATIONS: dict[str, Unary] = {
    "sigmoid": Logistic(),
    "tanh": Tanh(),
    "relu": Relu(),
    "softplus": Softplus(),
    "softsign": Softsign(),
}

_MOST_STEPS = 1 << 13  # of a layer that is one operator: quantization runs them one by one


def import_recurrent(node: SourceNode, g: GraphBuilder, cell: Cell) -> Sequence[ValueName]:
    """Add all steps; return the hidden states of all steps and the last states of all kinds."""
    _check(node, g, cell)
    batch_first = node.flag("layout", default=False)
    x = node.input(0)
    if batch_first:
        x = _turned(node, g, x)
    runs = [
        _run(node, g, cell, direction, batch_first) for direction in range(len(_reversed(node)))
    ]
    results = [run.run(x) for run in runs]
    return _outputs(runs[0].steps.named(""), results, g.type(x).shape, batch_first)


def _check(node: SourceNode, g: GraphBuilder, cell: Cell) -> None:
    """Refuse what steps cannot express, and sequences that are too long to write out."""
    shape = g.type(node.input(0)).shape
    if len(shape) != _RANK:
        message = f"the sequence {shape} has {len(shape)} axes, not {_RANK}"
        raise node.reject(message, code="malformed-model")
    axis = 1 if node.flag("layout", default=False) else 0
    steps, batch = shape[axis], shape[1 - axis]
    directions = len(_reversed(node))
    written_out = cell.whole is None
    most = MAX_STEPS if written_out else _MOST_STEPS
    if not 1 <= steps * directions <= most:
        raise node.reject(
            f"{steps} steps in {directions} direction(s), up to {most} can be "
            f"{'written out' if written_out else 'computed'}",
            code="unsupported-shape",
            help="run the layer on shorter sequences, with its state as an input and an output",
        )
    if node.number("clip", default=0.0):
        raise node.reject("clip is not supported", help="train without clipping of the gates")
    if len(node.inputs) > _LENGTHS and node.inputs[_LENGTHS] is not None:
        _check_lengths(node, node.constant(g, _LENGTHS), steps, batch)


def _check_lengths(node: SourceNode, lengths: Array, steps: int, batch: int) -> None:
    if lengths.shape != (batch,) or (lengths != steps).any():
        raise node.reject(
            f"sequence_lens {lengths.tolist()} for {steps} steps",
            help="give every sequence its full length: leave sequence_lens out",
        )


def _reversed(node: SourceNode) -> tuple[bool, ...]:
    """Tell for every direction whether it runs from the end."""
    direction = node.text("direction", default="forward")
    if direction not in _DIRECTIONS:
        raise node.reject(f"direction {direction!r}", code="malformed-model")
    return _DIRECTIONS[direction]


def _turned(node: SourceNode, g: GraphBuilder, x: ValueName) -> ValueName:
    """Return [batch, steps, inputs] as [steps, batch, inputs]."""
    named = replace(node.part(suffix="steps_first"), outputs=(f"{node.name}/steps_first",))
    return add_or_fold(named, g, Transpose(perm=(1, 0, 2)), [x])[0]


def _run(node: SourceNode, g: GraphBuilder, cell: Cell, direction: int, batch_first: bool) -> Run:
    """Return one direction of a layer."""
    backwards = _reversed(node)
    prefix = "" if len(backwards) == 1 else ("forward", "backward")[direction]
    weights = _weights(node, g, cell, direction)
    steps = Steps(node.name, g, weights, _activations(node, cell, direction), prefix)
    initial = tuple(
        _initial(node, steps, index, direction, batch_first)
        for index in (_HIDDEN, _CELL)[: cell.states]
    )
    return Run(steps, cell, initial, backwards[direction])


def _weights(node: SourceNode, g: GraphBuilder, cell: Cell, direction: int) -> Weights:
    w, r = node.constant(g, 1), node.constant(g, 2)
    directions, columns = len(_reversed(node)), g.type(node.input(0)).shape[-1]
    hidden = node.integer("hidden_size", default=r.shape[-1])
    rows = cell.gates * hidden
    b = np.zeros((directions, 2 * rows), np.float32)
    if len(node.inputs) > _BIAS and node.inputs[_BIAS] is not None:
        b = node.constant(g, _BIAS)
    wanted = [(directions, rows, columns), (directions, rows, hidden), (directions, 2 * rows)]
    if [w.shape, r.shape, b.shape] != wanted or hidden == 0:
        message = f"W {w.shape}, R {r.shape} and B {b.shape} should be {wanted}"
        raise node.reject(message, code="malformed-model")
    return Weights(w[direction], r[direction], b[direction, :rows], b[direction, rows:])


def _activations(node: SourceNode, cell: Cell, direction: int) -> tuple[Unary, ...]:
    count = len(cell.activations)
    known = node.attrs.get("activations") or list(cell.activations) * len(_reversed(node))
    node.ignore("activations")
    names = [str(name).lower() for name in known[direction * count : (direction + 1) * count]]
    unknown = [name for name in names if name not in _ACTIVATIONS]
    if unknown or len(names) != count:
        raise node.reject(
            f"activations {known}", help=f"these are supported: {', '.join(sorted(_ACTIVATIONS))}"
        )
    return tuple(_ACTIVATIONS[name] for name in names)


def _initial(
    node: SourceNode, steps: Steps, index: int, direction: int, batch_first: bool
) -> ValueName | None:
    """Return an initial state of one direction, [batch, hidden]; None where it is zero."""
    g = steps.g
    value = node.inputs[index] if index < len(node.inputs) else None
    array = None if value is None else g.constant_value(value)
    if value is None or (array is not None and not array.any()):
        return None
    shape = g.type(value).shape
    axis, directions = (1, 0)[not batch_first], len(_reversed(node))
    batch = g.type(node.input(0)).shape[0 if batch_first else 1]
    wanted = (batch, directions, steps.hidden) if batch_first else (directions, batch, steps.hidden)
    if shape != wanted:
        message = f"the initial state is {shape}, not {wanted}"
        raise node.reject(message, code="malformed-model")
    name = "initial_h" if index == _HIDDEN else "initial_c"
    part = steps.part(value, axis, direction, 1, f"{name}/part")
    return steps.add(Reshape(shape=(batch, steps.hidden)), part, name=name)


def _outputs(
    steps: Steps,
    results: Sequence[tuple[ValueName, State]],
    shape: Sequence[int],
    batch_first: bool,
) -> list[ValueName]:
    """Return Y and the last states: [steps, directions, batch, hidden] and one axis less.

    With ``batch_first``, [batch, steps, directions, hidden] and [batch, directions, hidden].
    """
    batch, hidden = shape[1], steps.hidden
    outputs = [joined(steps, [sequence for sequence, _ in results], 1, "Y")]
    for index, name in enumerate(("Y_h", "Y_c")[: len(results[0][1])]):
        last = [state[index] for _, state in results]
        parts = [reshaped(steps, each, (1, batch, hidden)) for each in last if each is not None]
        outputs.append(joined(steps, parts, 0, name))
    if not batch_first:
        return outputs
    orders = [(2, 0, 1, 3)] + [(1, 0, 2)] * (len(outputs) - 1)
    return [
        steps.add(Transpose(perm=order), value, name="batch_first")
        for order, value in zip(orders, outputs, strict=True)
    ]
