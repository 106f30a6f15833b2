"""What stands between a model's input and a classical model: it is taken into that model.

A standardization of single features is a monotone function of each, so a comparison behind it is a
comparison before it, with another number: found among all floats, it is exactly the same. Features
that are picked, or put in another order, are looked at where they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.numerics.float_bits import at_places, order_of

_INFINITY = 0x7F800000
_STEPS = 33  # halvings of all places of floats


@dataclass(frozen=True)
class Step:
    """One operation with a constant per feature: x op constant, in float32.

    It is done to those features alone that are ``taken``.
    """

    kind: type
    constant: Array  # [features], float32
    taken: Array  # [features], bool

    def applied(self, x: Array, features: Array) -> Array:
        """Return what becomes of values of the features named beside them."""
        constant = self.constant[features]
        with np.errstate(all="ignore"):
            if self.kind is Sub:
                made = x - constant
            elif self.kind is Add:
                made = x + constant
            else:
                made = x * constant
        return np.asarray(np.where(self.taken[features], made, x), np.float32)

    @property
    def turns(self) -> Array:
        """Whether a larger value becomes a smaller one, per feature."""
        turned = (self.constant < 0) if self.kind is Mul else np.zeros(self.constant.shape, bool)
        return np.asarray(turned & self.taken)

    def among(self, features: int, first: int) -> "Step":
        """Return the step with others' features around those it is of."""
        constant, taken = np.zeros(features, np.float32), np.zeros(features, bool)
        own = slice(first, first + self.constant.size)
        constant[own], taken[own] = self.constant, self.taken
        return Step(self.kind, constant, taken)


@dataclass(frozen=True)
class Prepared:
    """A value of the model, and what is done to its features, the first step first.

    ``columns`` are the places in the value that the features come from.
    """

    source: ValueName
    steps: tuple[Step, ...]
    columns: Array  # [features], int64

    @property
    def are_all(self) -> bool:
        """Whether the features are those of the value, in its order, as far as they go."""
        return bool((self.columns == np.arange(self.columns.size)).all())

    def picked(self, places: Array) -> "Prepared":
        """Return some of the features."""
        steps = [Step(each.kind, each.constant[places], each.taken[places]) for each in self.steps]
        return Prepared(self.source, tuple(steps), self.columns[places])

    def places(self, features: Array, places: Array) -> tuple[Array, Array]:
        """Return where comparisons behind the steps are before them: ``tree_table.Places``."""
        turned = np.zeros(features.shape, bool)
        if not self.steps or not features.size:
            return places, turned
        for step in self.steps:
            turned ^= step.turns[features]
        low = np.full(features.shape, -_INFINITY - 1, np.int64)
        high = np.full(features.shape, _INFINITY, np.int64)
        for _ in range(_STEPS):
            middle = (low + high + 1) >> 1
            holds = (self._order(middle, features) <= places) != turned
            low = np.where(holds, middle, low)
            high = np.where(holds, high, middle - 1)
        return low, turned

    def _order(self, places: Array, features: Array) -> Array:
        x = at_places(places)
        for step in self.steps:
            x = step.applied(x, features)
        return order_of(x)


def prepared(g: GraphBuilder, value: ValueName) -> Prepared:
    """Return the value that a chain of standardizations and choices begins with, and the chain."""
    node = g.producer(value)
    found = None if node is None else _before(g, node)
    if found is None:
        shape = g.type(value).shape
        return Prepared(value, (), np.arange(shape[-1] if shape else 1))
    return found


def _before(g: GraphBuilder, node: Node) -> Prepared | None:
    """Return what a node's features are made of; None where they are made in another way."""
    last = g.type(node.outputs[0]).rank - 1
    op = node.op
    if isinstance(op, Reshape):
        same = g.type(node.outputs[0]).shape[-1:] == g.type(node.inputs[0]).shape[-1:]
        return prepared(g, node.inputs[0]) if same else None
    if isinstance(op, Gather) and op.axis == last:
        return prepared(g, node.inputs[0]).picked(np.array(op.indices, np.int64))
    if isinstance(op, Slice) and op.sizes[:-1] == g.type(node.inputs[0]).shape[:-1]:
        rows_stay = all(step > 0 for step in op.steps[:-1])
        places = op.starts[-1] + op.steps[-1] * np.arange(op.sizes[-1])
        return prepared(g, node.inputs[0]).picked(places) if rows_stay else None
    if isinstance(op, Concatenation) and op.axis == last:
        return _side_by_side([prepared(g, each) for each in node.inputs])
    return _step(g, node)


def _side_by_side(parts: Sequence[Prepared]) -> Prepared | None:
    """Return features of several parts together, where all are of one value."""
    if len({part.source for part in parts}) != 1:
        return None
    columns = np.concatenate([part.columns for part in parts])
    steps: list[Step] = []
    first = 0
    for part in parts:
        steps += [each.among(columns.size, first) for each in part.steps]
        first += part.columns.size
    return Prepared(parts[0].source, tuple(steps), columns)


def _step(g: GraphBuilder, node: Node) -> Prepared | None:
    if type(node.op) not in {Add, Sub, Mul} or len(node.inputs) != 2:  # noqa: PLR2004
        return None
    x, shape = node.inputs[0], g.type(node.outputs[0]).shape
    constant = g.constant_value(node.inputs[1])
    if constant is None and isinstance(node.op, (Add, Mul)):
        x, constant = node.inputs[1], g.constant_value(x)
    if constant is None or g.type(x).shape != shape or not _is_per_feature(constant, shape):
        return None
    if not np.isfinite(constant).all() or (isinstance(node.op, Mul) and not constant.all()):
        return None
    each = np.broadcast_to(constant.reshape(-1), shape[-1:]).astype(np.float32)
    before = prepared(g, x)
    step = Step(type(node.op), each, np.ones(each.shape, bool))
    return Prepared(before.source, (*before.steps, step), before.columns)


def _is_per_feature(constant: Array, shape: Sequence[int]) -> bool:
    return constant.size in {1, *shape[-1:]} and constant.shape[-1:] in {
        (),
        (1,),
        tuple(shape[-1:]),
    }
