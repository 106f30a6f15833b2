"""ONNX LSTM, GRU and RNN: a recurrent layer becomes its steps, one after the other.

The inputs of all steps are multiplied at once; a step is a product with the hidden state, tables
and products of elements. So quantized recurrent layers need no arithmetic of their own, are exact
on every runtime and run in any TFLite interpreter. Flash grows with the number of steps, by some
structs for each; weights are stored once. What has an operator for all steps becomes one node
instead (:attr:`Cell.whole`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, GraphBuilder, Op, ValueName
from edgec.ops.add import Add
from edgec.ops.alike import Alike
from edgec.ops.base import Operator, OutputRule
from edgec.ops.concatenation import Concatenation
from edgec.ops.constants import add_or_fold
from edgec.ops.fully_connected import FullyConnected
from edgec.ops.logistic import Logistic
from edgec.ops.mul import Mul
from edgec.ops.registry import SourceNode
from edgec.ops.relu import Relu
from edgec.ops.reshape import Reshape
from edgec.ops.slice import Slice
from edgec.ops.softplus import Softplus
from edgec.ops.softsign import Softsign
from edgec.ops.tanh import Tanh
from edgec.ops.transpose import Transpose
from edgec.ops.unary import Unary

MAX_STEPS = 256  # of all directions: every step becomes some ten nodes
_RANK = 3  # of the sequence
_JOINED = 16  # values at once
_BIAS, _LENGTHS, _HIDDEN, _CELL = 3, 4, 5, 6  # optional inputs
_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
_ACTIVATIONS: dict[str, Unary] = {
    "sigmoid": Logistic(),
    "tanh": Tanh(),
    "relu": Relu(),
    "softplus": Softplus(),
    "softsign": Softsign(),
}

State = tuple[ValueName | None, ...]
"""What a step leaves for the next, [batch, hidden] each; None is all zeros. The first is h."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one direction: ``w`` [gates * hidden, inputs], ``r`` [gates * hidden, hidden].

    The biases ``wb`` of the input and ``rb`` of the hidden state are [gates * hidden].
    """

    w: Array
    r: Array
    wb: Array
    rb: Array


@dataclass(frozen=True, slots=True)
class Steps:
    """Adds the nodes of one direction, named after the layer; ``activations`` are its own.

    ``before`` holds, by name, what the step before has made: alike in all that is calibrated.
    """

    node: SourceNode
    g: GraphBuilder
    weights: Weights
    activations: tuple[Unary, ...]
    prefix: str = ""
    before: dict[str, ValueName] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        return int(self.weights.r.shape[1])

    def named(self, name: str) -> "Steps":
        """Return the same with other names of nodes."""
        return replace(self, prefix=name)

    def repeat(self, op: Op, *inputs: ValueName, name: str) -> ValueName:
        """Add a node that every step has."""
        value = self.add(op, *inputs, name=name)
        if not isinstance(op, Operator) or op.output_rule is not OutputRule.CALIBRATED:
            return value
        if name in self.before:
            value = self.add(Alike(), value, self.before[name], name=f"{name}/alike")
        self.before[name] = value
        return value

    def add(self, op: Op, *inputs: ValueName, name: str) -> ValueName:
        """Add a node, or its result where all inputs are constants."""
        full = "/".join(filter(None, (self.node.name, self.prefix, name)))
        node = replace(self.node, name=full, outputs=(full,), attrs={}, qparams=(), dtypes=())
        return add_or_fold(node, self.g, op, inputs)[0]

    def constant(self, array: Array, name: str) -> ValueName:
        return self.g.constant(f"{self.node.name}/{name}", array)

    def gate(self, x: ValueName, first: int, count: int, name: str) -> ValueName:
        """Return the columns of ``count`` gates from number ``first`` on of [batch, columns]."""
        return self.part(x, 1, first * self.hidden, count * self.hidden, name)

    def part(self, x: ValueName, axis: int, start: int, size: int, name: str) -> ValueName:
        """Return ``size`` elements along an axis; x itself where these are all."""
        whole = Slice.whole(self.g.type(x).shape)
        op = whole.along(axis, start, size)
        return x if op == whole else self.add(op, x, name=name)

    def plus(self, x: ValueName, y: ValueName | None, name: str) -> ValueName:
        """Return x + y, where y may be zero."""
        return x if y is None else self.repeat(Add(), x, y, name=name)

    def mul(self, x: ValueName, y: ValueName, name: str) -> ValueName:
        return self.repeat(Mul(), x, y, name=name)


Step = Callable[[Steps, ValueName, State], State]
"""From the product of weights and inputs, [batch, gates * hidden], and the state: the next."""

Whole = Callable[[Steps, ValueName, State, bool], tuple[ValueName, State]]
"""From x, [steps, batch, inputs], and the first state, from the end or not: h after each step,
[steps, batch, hidden] in the order of x, and the last states."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What makes one kind of layer: its gates, the states it has, its step.

    ``prepare`` makes a step for one direction (its constants are shared by all steps) and the bias
    that goes with the product of weights and inputs. ``whole`` adds a layer of any length at once.
    """

    gates: int
    states: int
    activations: tuple[str, ...]
    prepare: Callable[[Steps], tuple[Step, Array]]
    whole: Whole | None = None


def import_recurrent(node: SourceNode, g: GraphBuilder, cell: Cell) -> Sequence[ValueName]:
    """Add all steps; return the hidden states of all steps and the last states of all kinds."""
    _check(node, g, cell)
    batch_first = node.flag("layout", default=False)
    x = node.input(0)
    if batch_first:
        x = _turned(node, g, x)
    runs = [
        Run.of(node, g, cell, direction, batch_first) for direction in range(len(_reversed(node)))
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
    if steps < 1 or (steps * directions > MAX_STEPS and cell.whole is None):
        raise node.reject(
            f"{steps} steps in {directions} direction(s), up to {MAX_STEPS} can be written out",
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


@dataclass(frozen=True, slots=True)
class Run:
    """One direction of a layer."""

    steps: Steps
    cell: Cell
    initial: State
    backwards: bool

    @classmethod
    def of(
        cls, node: SourceNode, g: GraphBuilder, cell: Cell, direction: int, batch_first: bool
    ) -> "Run":
        backwards = _reversed(node)
        prefix = "" if len(backwards) == 1 else ("forward", "backward")[direction]
        weights = _weights(node, g, cell, direction)
        steps = Steps(node, g, weights, _activations(node, cell, direction), prefix)
        initial = tuple(
            _initial(steps, index, direction, batch_first)
            for index in (_HIDDEN, _CELL)[: cell.states]
        )
        return cls(steps, cell, initial, backwards[direction])

    def run(self, x: ValueName) -> tuple[ValueName, State]:
        """Return h after each step, [steps, 1, batch, hidden], and the last states."""
        s = self.steps
        length, batch, _ = s.g.type(x).shape
        if self.cell.whole is not None:
            y, last = self.cell.whole(s, x, self.initial, self.backwards)
            return _reshaped(s, y, (length, 1, batch, s.hidden)), last
        hidden, last = self._written_out(x)
        parts = [_reshaped(s, h, (1, 1, batch, s.hidden)) for h in hidden]
        return _joined(s, parts, 0, "sequence"), last

    def _written_out(self, x: ValueName) -> tuple[list[ValueName], State]:
        """Return the hidden state after each step, in the order of x, and the last states."""
        s, state = self.steps, self.initial
        length, batch, _ = s.g.type(x).shape
        step, b = self.cell.prepare(s)
        w, bias = s.constant(s.weights.w, f"{s.prefix}W"), s.constant(b, f"{s.prefix}B")
        product = s.repeat(FullyConnected(), x, w, bias, name="inputs")
        hidden: dict[int, ValueName] = {}
        for t in reversed(range(length)) if self.backwards else range(length):
            at_t = s.named("/".join(filter(None, (s.prefix, f"step{t}"))))
            state = step(at_t, at_t.part(product, 0, t * batch, batch, "input"), state)
            assert state[0] is not None  # noqa: S101 - a step's result is no plain zero
            hidden[t] = state[0]
        return [hidden[t] for t in range(length)], state


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


def _initial(steps: Steps, index: int, direction: int, batch_first: bool) -> ValueName | None:
    """Return an initial state of one direction, [batch, hidden]; None where it is zero."""
    node, g = steps.node, steps.g
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
    outputs = [_joined(steps, [sequence for sequence, _ in results], 1, "Y")]
    for index, name in enumerate(("Y_h", "Y_c")[: len(results[0][1])]):
        last = [state[index] for _, state in results]
        parts = [_reshaped(steps, each, (1, batch, hidden)) for each in last if each is not None]
        outputs.append(_joined(steps, parts, 0, name))
    if not batch_first:
        return outputs
    orders = [(2, 0, 1, 3)] + [(1, 0, 2)] * (len(outputs) - 1)
    return [
        steps.add(Transpose(perm=order), value, name="batch_first")
        for order, value in zip(orders, outputs, strict=True)
    ]


def _reshaped(steps: Steps, value: ValueName, shape: tuple[int, ...]) -> ValueName:
    return steps.add(Reshape(shape=shape), value, name="reshaped")


def _joined(steps: Steps, values: Sequence[ValueName], axis: int, name: str) -> ValueName:
    """Join values along an axis, in groups: kernels take so many at once."""
    while len(values) > 1:
        groups = [values[i : i + _JOINED] for i in range(0, len(values), _JOINED)]
        values = [
            each[0] if len(each) == 1 else steps.add(Concatenation(axis=axis), *each, name=name)
            for each in groups
        ]
    return values[0]
