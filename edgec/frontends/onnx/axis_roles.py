"""What an open axis of an input is: followed to the operators that give axes a meaning.

A batch passes every operator by itself: of an axis that some operator steps, slides or sums along,
1 is no harmless choice. Where an operator is not known here, nobody claims anything.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx

from edgec.frontends.limits import MAX_RANK
from edgec.frontends.onnx.model_file import opset

_SOFTMAX_OF_ONE_AXIS = 13  # before, it takes all from its axis on together
_IMAGE_RANK = 4
_LAYOUT_FIRST = 2  # where batches are in all steps of a recurrent layer, without ``layout``

# fmt: off
_ELEMENTWISE = frozenset({
    "Abs", "Add", "And", "Atan", "BatchNormalization", "Cast", "CastLike", "Ceil", "Celu", "Clip",
    "Cos", "DequantizeLinear", "Div", "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu",
    "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mish", "Mul",
    "Neg", "Not", "PRelu", "Pow", "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu",
    "Shrink", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish",
    "Tanh", "ThresholdedRelu", "Where",
})
_SLIDING = frozenset({
    "AveragePool", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalMaxPool",
    "GroupNormalization", "InstanceNormalization", "MaxPool", "SpaceToDepth",
})
_REDUCING = frozenset({
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Role:
    """What an axis is to an operator; ``text`` says it, with the operator's name."""

    text: str
    is_batch: bool = False
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class _Spot:
    """An axis of a value."""

    value: str
    axis: int
    rank: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """A node that reads a spot as its input ``index``."""

    node: Any
    index: int
    spot: _Spot
    roles: "AxisRoles"
    attributes: Mapping[str, Any]

    @property
    def axis(self) -> int:
        return self.spot.axis

    @property
    def rank(self) -> int:
        return self.spot.rank

    @property
    def name(self) -> str:
        return f"{self.node.op_type} {self.node.name or self.node.output[0]!r}"

    def to(self, axis: int, rank: int = 0, output: int = 0) -> Iterator[_Spot]:
        """Go on with an axis of an output."""
        if output < len(self.node.output) and self.node.output[output]:
            yield _Spot(self.node.output[output], axis, rank or self.rank)

    def to_broadcast(self) -> Iterator[_Spot]:
        """Go on in an output whose axes are counted from the end: a constant may have more."""
        others = [self.roles.ranks.get(name, 0) for name in self.node.input]
        rank = max(self.rank, *others)
        yield from self.to(self.axis + rank - self.rank, rank)

    def without(self, removed: set[int]) -> Iterator[_Spot]:
        """Go on in an output without some axes."""
        before = sum(axis < self.axis for axis in removed)
        yield from self.to(self.axis - before, self.rank - len(removed))

    def mixed(self, how: str) -> Role:
        return Role(f"an axis that {self.name} {how}")

    def numbers(self, attribute: str, index: int) -> list[int] | None:
        """Return integers that are an attribute in old versions and a constant input in new."""
        if attribute in self.attributes:
            return [int(each) for each in np.atleast_1d(self.attributes[attribute])]
        given = self.node.input[index] if index < len(self.node.input) else ""
        found = self.roles.lists.get(given)
        if found is None:
            return None
        return [int(each) for each in np.atleast_1d(onnx.numpy_helper.to_array(found))]

    def axes(self, attribute: str = "axes", index: int = 1) -> set[int] | None:
        listed = self.numbers(attribute, index)
        return None if listed is None else {each % self.rank for each in listed}


_Found = Iterator[Role | _Spot]


@dataclass(eq=False)
class AxisRoles:
    """Finds what the axes of a model's inputs are."""

    model: Any
    lists: Mapping[str, Any] = field(init=False)  # tensors of a few integers
    ranks: Mapping[str, int] = field(init=False)  # of constants
    readers: dict[str, list[tuple[Any, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        constants = dict(_constants(self.model.graph))
        self.lists = {name: each for name, each in constants.items() if _is_list(each)}
        self.ranks = {name: len(each.dims) for name, each in constants.items()}
        for node in self.model.graph.node:
            for index, name in enumerate(node.input):
                self.readers.setdefault(name, []).append((node, index))

    def of(self, value: str, axis: int, rank: int) -> Role | None:
        """Return what an axis is: to whom it is no batch, else to whom it is one."""
        todo, seen = [_Spot(value, axis, rank)], set[_Spot]()
        found: list[Role] = []
        while todo:
            spot = todo.pop()
            if spot in seen or not 0 <= spot.axis < spot.rank <= MAX_RANK:
                continue
            seen.add(spot)
            each = self._read(spot)
            found += [role for role in each if isinstance(role, Role)]
            todo += [further for further in each if isinstance(further, _Spot)]
        return next((role for role in found if not role.is_batch), found[0] if found else None)

    def _read(self, spot: _Spot) -> list[Role | _Spot]:
        """Ask all readers; what makes no sense is refused where it is imported, not here."""
        told: list[Role | _Spot] = []
        for node, index in self.readers.get(spot.value, []):
            rule = _RULES.get(node.op_type) if node.domain in {"", "ai.onnx"} else None
            if rule is None:
                continue
            with suppress(ValueError, TypeError, LookupError, ArithmeticError):
                values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
                told += rule(_Reading(node, index, spot, self, values))
        return told


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    for each in graph.initializer:
        yield each.name, each
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            if attribute.name == "value" and node.output:
                yield node.output[0], attribute.t


def _is_list(tensor: Any) -> bool:
    """Tell whether a tensor may be axes, or a shape."""
    few = not tensor.dims or (len(tensor.dims) == 1 and tensor.dims[0] <= MAX_RANK)
    return few and tensor.data_type == onnx.TensorProto.INT64 and not tensor.external_data


def _elementwise(r: _Reading) -> _Found:
    yield from r.to_broadcast()


def _sliding(r: _Reading) -> _Found:
    if r.index:
        return
    if r.axis == 0:
        yield Role(f"the batch of {r.name}", is_batch=True)
        yield from r.to(0)
    elif r.axis == 1:
        yield Role(f"the channels of {r.name}")
    else:
        places = ("height", "width") if r.rank == _IMAGE_RANK else ("length",)
        what = places[r.axis - 2] if r.axis - 2 < len(places) else "a place"
        yield Role(f"the {what} that {r.name} runs along")


def _recurrent(r: _Reading) -> _Found:
    layout = int(r.attributes.get("layout", 0))
    is_state = r.index > 4  # noqa: PLR2004 - after X, W, R, B and the lengths
    batch = (0 if layout else 1) if r.index == 0 or is_state else -1
    if r.axis == batch:
        yield Role(f"the batch of {r.name}", is_batch=True)
        yield from r.to(0 if layout else _LAYOUT_FIRST, 4)
        yield from r.to(batch, 3, output=1)
    elif r.index == 0 and r.axis == 1 - batch:
        yield Role(f"the time axis: {r.name} takes a step for each element", is_time=True)


def _transpose(r: _Reading) -> _Found:
    perm = list(r.attributes.get("perm", range(r.rank - 1, -1, -1)))
    if r.axis in perm:
        yield from r.to(perm.index(r.axis))


def _unsqueeze(r: _Reading) -> _Found:
    listed = r.numbers("axes", 1)
    if r.index or listed is None:
        return
    rank = r.rank + len(listed)
    added = {each % rank for each in listed}
    kept = [axis for axis in range(rank) if axis not in added]
    yield from r.to(kept[r.axis], rank)


def _squeeze(r: _Reading) -> _Found:
    removed = r.axes()
    if r.index or removed is None or r.axis in removed:
        return
    yield from r.without(removed)


def _reducing(r: _Reading) -> _Found:
    removed = r.axes()
    if r.index:
        return
    if removed is None:
        removed = set() if r.attributes.get("noop_with_empty_axes") else set(range(r.rank))
    if r.axis in removed:
        yield r.mixed("reduces")
    elif r.attributes.get("keepdims", 1):
        yield from r.to(r.axis)
    else:
        yield from r.without(removed)


def _along(how: str, default: int, *, to_end: bool = False) -> Callable[[_Reading], _Found]:
    """Return the rule of operators that work along ``axis``; ``to_end``: and all behind it."""

    def rule(r: _Reading) -> _Found:
        first = int(r.attributes.get("axis", default)) % r.rank
        if r.index:
            return
        if r.axis == first or (to_end and r.axis > first):
            yield r.mixed(how)
        else:
            yield from r.to(r.axis)

    return rule


def _softmax(r: _Reading) -> _Found:
    old = opset(r.roles.model) < _SOFTMAX_OF_ONE_AXIS
    yield from _along("compares along", 1 if old else -1, to_end=old)(r)


def _arg(r: _Reading) -> _Found:
    axis = int(r.attributes.get("axis", 0)) % r.rank
    if r.axis == axis:
        yield r.mixed("compares along")


def _matmul(r: _Reading) -> _Found:
    """The last axis of one and the last but one of the other are summed over."""
    summed = r.rank - 1 if r.index == 0 else max(r.rank - 2, 0)
    if r.axis == summed:
        yield r.mixed("sums over")
    else:
        yield from r.to_broadcast()


def _gemm(r: _Reading) -> _Found:
    if r.index > 1:
        return
    turned = bool(r.attributes.get("transB" if r.index else "transA", 0))
    if r.axis == (0 if bool(r.index) != turned else 1):
        yield r.mixed("sums over")
    else:
        yield from r.to(r.index)


def _flatten(r: _Reading) -> _Found:
    first = int(r.attributes.get("axis", 1)) % r.rank
    if r.axis == 0 and first:
        yield from r.to(0, 2)


def _reshape(r: _Reading) -> _Found:
    """The first axis stays the first where it is copied, or takes in what there is behind it."""
    shape = r.numbers("shape", 1)
    if r.index == 0 and r.axis == 0 and shape and shape[0] in (0, -1):
        yield from r.to(0, len(shape))


def _beside(r: _Reading) -> _Found:
    """Go on where an operator works along another axis."""
    if r.axis != int(r.attributes.get("axis", 0)) % r.rank:
        for output in range(len(r.node.output)):
            yield from r.to(r.axis, output=output)


def _part(r: _Reading) -> _Found:
    """A part of an axis is what the axis is, and so is one with a border."""
    if r.index == 0:
        yield from r.to(r.axis)


_Rule = Callable[[_Reading], _Found]
_RULES: Mapping[str, _Rule] = {
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(_SLIDING, _sliding),
    **dict.fromkeys(_REDUCING, _reducing),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _softmax),
    **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    "CumSum": _along("sums over", 0),
    "LayerNormalization": _along("normalizes over", -1, to_end=True),
    "LpNormalization": _along("normalizes over", -1),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Concat": _beside,
    "Split": _beside,
    "Pad": _part,
    "Slice": _part,
}
