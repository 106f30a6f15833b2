"""What stands between a model's input and a classical model: it is taken into that model.

A standardization of single features is a monotone function of each, so a comparison behind it is a
comparison before it, with another number: found among all floats, it is exactly the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numerics.float_bits import at_places, order_of

_INFINITY = 0x7F800000
_STEPS = 33  # halvings of all places of floats


@dataclass(frozen=True)
class Step:
    """One operation with a constant per feature: x op constant, in float32."""

    kind: type
    constant: Array  # [features], float32

    def applied(self, x: Array, features: Array) -> Array:
        """Return what becomes of values of the features named beside them."""
        with np.errstate(all="ignore"):
            if self.kind is Sub:
                return np.asarray(x - self.constant[features], np.float32)
            if self.kind is Add:
                return np.asarray(x + self.constant[features], np.float32)
            return np.asarray(x * self.constant[features], np.float32)

    @property
    def turns(self) -> Array:
        """Whether a larger value becomes a smaller one, per feature."""
        return (self.constant < 0) if self.kind is Mul else np.zeros(self.constant.shape, bool)


@dataclass(frozen=True)
class Prepared:
    """A value of the model, and what is done to its features, the first step first."""

    source: ValueName
    steps: tuple[Step, ...]

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
    """Return the value that a chain of standardizations begins with, and the chain."""
    steps: list[Step] = []
    while (node := g.producer(value)) is not None:
        step = _step(g, node)
        if step is None:
            break
        before, found = step
        steps[:0] = [found] if found else []
        value = before
    return Prepared(value, tuple(steps))


def _step(g: GraphBuilder, node: Node) -> tuple[ValueName, Step | None] | None:
    x = node.inputs[0]
    shape = g.type(node.outputs[0]).shape
    if isinstance(node.op, Reshape):
        same = shape[-1:] == g.type(x).shape[-1:]
        return (x, None) if same else None
    if type(node.op) not in {Add, Sub, Mul} or len(node.inputs) != 2:  # noqa: PLR2004
        return None
    constant = g.constant_value(node.inputs[1])
    if constant is None and isinstance(node.op, (Add, Mul)):
        x, constant = node.inputs[1], g.constant_value(x)
    if constant is None or g.type(x).shape != shape or not _is_per_feature(constant, shape):
        return None
    if not np.isfinite(constant).all() or (isinstance(node.op, Mul) and not constant.all()):
        return None
    each = np.broadcast_to(constant.reshape(-1), shape[-1:]).astype(np.float32)
    return x, Step(type(node.op), each)


def _is_per_feature(constant: Array, shape: Sequence[int]) -> bool:
    return constant.size in {1, *shape[-1:]} and constant.shape[-1:] in {
        (),
        (1,),
        tuple(shape[-1:]),
    }
