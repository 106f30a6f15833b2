"""Recognizes normalizations that are spelled out, and takes the gain and offset behind them in."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.elementwise.sub import Sub
from edgec.ops.functions.pow import Pow
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.functions.sqrt import Sqrt
from edgec.ops.layers.normalization import Normalization
from edgec.ops.operator import Activation
from edgec.ops.reductions.mean import Mean
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class FuseNormalization:
    """(x - mean) / sqrt(mean of squares + epsilon) * gain + offset becomes one operator.

    PyTorch writes LayerNorm so below opset 17, with constants for epsilon, gain and offset.
    """

    name: ClassVar[str] = "fuse_normalization"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _spelled_out, _gain_or_offset)


@dataclass(frozen=True, slots=True)
class _Centered:
    """x minus its mean over ``axes``."""

    x: ValueName
    axes: tuple[int, ...]


def _spelled_out(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Mul) or node.op.activation is not Activation.NONE:
        return None
    for index in (0, 1):
        centered = _centered(node.inputs[index], around)
        epsilon = _epsilon(node.inputs[1 - index], centered, around)
        if centered is not None and epsilon is not None:
            return _normalized(node, centered, epsilon, around)
    return None


def _normalized(
    node: Node, centered: _Centered, epsilon: float, around: Neighborhood
) -> Replacement:
    shape = (1,) * around.type(centered.x).rank
    draft = Draft(around, [node])
    gain = draft.constant(f"{node.name}.gain", np.ones(shape, np.float32))
    offset = draft.constant(f"{node.name}.offset", np.zeros(shape, np.float32))
    op = Normalization(axes=centered.axes, epsilon=epsilon)
    draft.add(op, [centered.x, gain, offset], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _centered(value: ValueName, around: Neighborhood) -> _Centered | None:
    """Read x - mean(x)."""
    node = around.producer(value)
    if node is None or not isinstance(node.op, Sub) or node.op.activation is not Activation.NONE:
        return None
    return _from_mean(node.inputs[0], node.inputs[1], around)


def _from_mean(x: ValueName, mean: ValueName, around: Neighborhood) -> _Centered | None:
    node = around.producer(mean)
    if node is None or not isinstance(node.op, Mean) or not node.op.keep_dims:
        return None
    return _Centered(x, node.op.axes) if node.inputs[0] == x else None


def _epsilon(value: ValueName, centered: _Centered | None, around: Neighborhood) -> float | None:
    """Read 1 / sqrt(variance + epsilon); None where it is anything else."""
    total = around.producer(_under_root(value, around))
    if centered is None or total is None or not isinstance(total.op, Add):
        return None
    for index in (0, 1):
        added = around.constant(total.inputs[1 - index])
        if added is not None and added.size == 1 and added.item() > 0:
            variance = _is_variance(total.inputs[index], centered, around)
            return float(added.item()) if variance else None
    return None


def _under_root(value: ValueName, around: Neighborhood) -> ValueName:
    """Return v of 1 / sqrt(v) or v ** -0.5; an empty name where there is none."""
    node = around.producer(value)
    if node is not None and node.op == Pow(exponent=-0.5):
        return node.inputs[0]
    root = around.producer(node.inputs[0]) if node and isinstance(node.op, Reciprocal) else None
    is_root = root is not None and (isinstance(root.op, Sqrt) or root.op == Pow(exponent=0.5))
    return root.inputs[0] if root is not None and is_root else ValueName("")


def _is_variance(value: ValueName, centered: _Centered, around: Neighborhood) -> bool:
    mean = around.producer(value)
    if mean is None or mean.op != Mean(axes=centered.axes, keep_dims=True):
        return False
    square = around.producer(mean.inputs[0])
    return square is not None and _squared(square, around) == centered


def _squared(node: Node, around: Neighborhood) -> _Centered | None:
    """Read (x - mean(x)) ** 2, written in one of three ways."""
    if isinstance(node.op, SquaredDifference):
        a, b = node.inputs
        return _from_mean(a, b, around) or _from_mean(b, a, around)
    if node.op == Pow(exponent=2.0) or (node.op == Mul() and len(set(node.inputs)) == 1):
        return _centered(node.inputs[0], around)
    return None


def _gain_or_offset(node: Node, around: Neighborhood) -> Replacement | None:
    if node.op not in {Mul(), Add()}:
        return None
    for index in (0, 1):
        before = around.private_producer(node, index)
        factor = around.constant(node.inputs[1 - index])
        if before is None or factor is None or not isinstance(before.op, Normalization):
            continue
        if around.type(before.outputs[0]) == around.type(node.outputs[0]):
            return _with_parameter(node, before, factor, around)
    return None


def _with_parameter(
    node: Node, before: Node, array: Array, around: Neighborhood
) -> Replacement | None:
    known = [around.constant(value) for value in before.inputs[1:]]
    gain, offset = (each for each in known if each is not None)
    full = array.reshape((1,) * (gain.ndim - array.ndim) + array.shape)
    is_gain = isinstance(node.op, Mul)
    parameters = (gain * full, offset * full) if is_gain else (gain, offset + full)
    draft = Draft(around, [before, node])
    values = [
        draft.constant(f"{node.name}.{name}", np.asarray(parameter, np.float32))
        for name, parameter in zip(("gain", "offset"), parameters, strict=True)
    ]
    inputs = [before.inputs[0], *values]
    draft.add(before.op, inputs, name=before.name, output=node.outputs[0])
    return draft.replacement()
