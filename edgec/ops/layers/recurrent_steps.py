"""A recurrent layer written out: its steps, one after the other.

The inputs of all steps are multiplied at once; a step is a product with the hidden state, tables
and products of elements. So quantized recurrent layers need no arithmetic of their own, are exact
on every runtime and run in any TFLite interpreter. Flash grows with the number of steps, by some
structs for each; weights are stored once. What has an operator for all steps becomes one node
instead (:attr:`Cell.whole`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from edgec.ir import Array, GraphBuilder, Op, ValueName
from edgec.ops.conversion.alike import Alike
from edgec.ops.conversion.constants import folded_or_added
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.unary import Unary
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import MOST_JOINED, Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.operator import Operator, OutputRule

MAX_STEPS = 256  # of all directions: every step becomes some ten nodes

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
    """Adds the nodes of one direction of ``layer``; ``activations`` are its own.

    ``before`` holds, by name, what the step before has made: alike in all that is calibrated.
    """

    layer: str
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
        full = "/".join(filter(None, (self.layer, self.prefix, name)))
        return folded_or_added(self.g, op, inputs, name=full, outputs=(full,))[0]

    def constant(self, array: Array, name: str) -> ValueName:
        return self.g.constant(f"{self.layer}/{name}", array)

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


@dataclass(frozen=True, slots=True)
class Run:
    """One direction of a layer."""

    steps: Steps
    cell: Cell
    initial: State
    backwards: bool

    def run(self, x: ValueName) -> tuple[ValueName, State]:
        """Return h after each step, [steps, 1, batch, hidden], and the last states."""
        s = self.steps
        length, batch, _ = s.g.type(x).shape
        if self.cell.whole is not None:
            y, last = self.cell.whole(s, x, self.initial, self.backwards)
            return reshaped(s, y, (length, 1, batch, s.hidden)), last
        hidden, last = self._written_out(x)
        parts = [reshaped(s, h, (1, 1, batch, s.hidden)) for h in hidden]
        return joined(s, parts, 0, "sequence"), last

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


def reshaped(steps: Steps, value: ValueName, shape: tuple[int, ...]) -> ValueName:
    """Return a value in another shape."""
    return steps.add(Reshape(shape=shape), value, name="reshaped")


def joined(steps: Steps, values: Sequence[ValueName], axis: int, name: str) -> ValueName:
    """Join values along an axis, in groups: kernels take so many at once."""
    while len(values) > 1:
        groups = [values[i : i + MOST_JOINED] for i in range(0, len(values), MOST_JOINED)]
        values = [
            each[0] if len(each) == 1 else steps.add(Concatenation(axis=axis), *each, name=name)
            for each in groups
        ]
    return values[0]
