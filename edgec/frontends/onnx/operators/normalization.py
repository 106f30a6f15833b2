"""ONNX's normalizations: of layers, instances and groups, each over axes of its own."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.sqrt import Sqrt
from edgec.ops.layers.normalization import Normalization
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.reductions.mean import Mean
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer

_PER_CHANNEL_OPSET = 21  # from here on group normalization has a gain per channel, not per group


@importer(Format.ONNX, "LayerNormalization")
def _layer(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("stash_type")
    if len(node.outputs) > 1:
        raise node.reject(
            "its mean and deviation are read too",
            code="unsupported-output",
            help="compute them apart from the normalization",
        )
    x = node.input(0)
    rank = g.type(x).rank
    first = checked_axis(node, node.integer("axis", default=-1), rank)
    gain = _with_rank(node.constant(g, 1), rank)
    has_offset = len(node.present_inputs()) > 2  # noqa: PLR2004 - x, gain, offset
    offset = node.constant(g, 2) if has_offset else np.zeros(1, np.float32)
    op = Normalization(axes=tuple(range(first, rank)), epsilon=_epsilon(node))
    return _add(node, g, op, x, (gain, _with_rank(offset, rank)))


@importer(Format.ONNX, "InstanceNormalization")
def _instance(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    rank = g.type(x).rank
    parameters = tuple(_per_channel(node.constant(g, index), rank) for index in (1, 2))
    op = Normalization(axes=tuple(range(2, rank)), epsilon=_epsilon(node))
    return _add(node, g, op, x, parameters)


@importer(Format.ONNX, "MeanVarianceNormalization")
def _mean_and_variance(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    rank = g.type(x).rank
    default = tuple(axis for axis in (0, 2, 3) if axis < rank)  # as onnxruntime takes it
    listed = node.integers("axes", default=default)
    axes = tuple(sorted({checked_axis(node, axis, rank) for axis in listed}))
    one, zero = np.ones((1,) * rank, np.float32), np.zeros((1,) * rank, np.float32)
    return _add(node, g, Normalization(axes=axes, epsilon=1e-18), x, (one, zero))


@importer(Format.ONNX, "GroupNormalization")
def _groups(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import with an axis for the groups, between batch and channels."""
    node.ignore("stash_type")
    x = node.input(0)
    batch, channels, *places = g.type(x).shape
    groups = node.integer("num_groups")
    if groups < 1 or channels % groups:
        raise node.reject(f"{channels} channels in {groups} groups", code="malformed-model")
    per_channel = not 0 < node.version < _PER_CHANNEL_OPSET
    extents = (1, groups, channels // groups if per_channel else 1, *(1 for _ in places))
    gain, offset = (node.constant(g, index).reshape(extents) for index in (1, 2))
    split = Reshape(shape=(batch, groups, channels // groups, *places))
    grouped = g.add1(split, x, name=f"{node.name}/groups")
    op = Normalization(axes=tuple(range(2, len(places) + 3)), epsilon=_epsilon(node))
    values = [g.constant(f"{node.name}/{name}", array) for name, array in _named(gain, offset)]
    y = g.add1(op, grouped, *values, name=node.name)
    merged = Reshape(shape=(batch, channels, *places))
    return g.add(merged, [y], name=f"{node.name}/channels", outputs=node.outputs)


@importer(Format.ONNX, "RMSNormalization")
def _root_mean_square(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Divide by the root of the mean square and multiply by the gain: no mean is taken away."""
    node.ignore("stash_type")
    x, rank = node.input(0), g.type(node.input(0)).rank
    first = checked_axis(node, node.integer("axis", default=-1), rank)
    plain = replace(node, attrs={})
    (squares,) = add_or_fold(plain.part(suffix="squares"), g, Mul(), [x, x])
    mean = Mean(axes=tuple(range(first, rank)), keep_dims=True)
    (means,) = add_or_fold(plain.part(suffix="means"), g, mean, [squares])
    epsilon = g.constant(f"{node.name}/epsilon", np.array(_epsilon(node), np.float32))
    (above,) = add_or_fold(plain.part(suffix="above"), g, Add(), [means, epsilon])
    (root,) = add_or_fold(plain.part(suffix="root"), g, Sqrt(), [above])
    divide = replace(plain.part(suffix="normalized"), op="Div", inputs=(x, root))
    (normalized,) = IMPORTERS[Format.ONNX, "Div"](divide, g)
    return add_or_fold(plain, g, Mul(), [normalized, node.input(1)])


def _add(
    node: SourceNode, g: GraphBuilder, op: Normalization, x: ValueName, parameters: Sequence[Array]
) -> Sequence[ValueName]:
    values = [g.constant(f"{node.name}/{name}", array) for name, array in _named(*parameters)]
    return add_or_fold(node, g, op, [x, *values])


def _named(gain: Array, offset: Array) -> list[tuple[str, Array]]:
    return [("gain", gain.astype(np.float32)), ("offset", offset.astype(np.float32))]


def _epsilon(node: SourceNode) -> float:
    return node.number("epsilon", default=1e-5)


def _with_rank(array: Array, rank: int) -> Array:
    return array.reshape((1,) * (rank - array.ndim) + array.shape)


def _per_channel(array: Array, rank: int) -> Array:
    return array.reshape(1, -1, *(1,) * (rank - 2))
