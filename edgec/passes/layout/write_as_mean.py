"""Writes every average over all of some axes as one mean, however the source model spells it.

TorchScript writes GlobalAveragePool, dynamo ReduceMean, Keras MEAN or a pool as large as the image,
others a sum and a factor, or a mean per axis. One form gives one integer model. It is the mean,
since a pool keeps the scale of its input, but averages lie in a narrower range than what they are
made of: with a scale of its own the mean rounds finer. It is no slower (docs/quantization.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Graph, Node, TensorType
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation, is_float
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.sum import Sum
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite

_MOST = (1 << 16) - 1  # elements in a mean that all kernels take, those of int16 too
_ROUNDING = 1e-6  # of a factor that was computed in float32


@dataclass(frozen=True, slots=True)
class WriteAsMean:
    """Pools over whole images, sums times 1 / count and means of means become one mean.

    It names only axes of more than one element. A model that states its quantization stays as it
    is: there a pool's integers are those of TFLite's or onnxruntime's pool.
    """

    name: ClassVar[str] = "write_as_mean"

    def run(self, graph: Graph) -> Graph:
        if any(isinstance(node.op, FakeQuantize) for node in graph.nodes):
            return graph
        return rewrite(graph, _pool, _scaled_sum, _mean_of_mean, _needless_axes)


def _pool(node: Node, around: Neighborhood) -> Replacement | None:
    op, x = node.op, around.type(node.inputs[0])
    if not isinstance(op, AveragePool2D) or not is_float(x):
        return None
    axes = _averaged_axes(op.window, x.shape)
    if axes is None or np.prod([x.shape[axis] for axis in axes]) > _MOST:
        return None
    draft, mean = Draft(around, [node]), Mean(axes=axes, keep_dims=True)
    if op.activation is Activation.NONE:
        draft.add(mean, node.inputs, name=node.name, output=node.outputs[0])
        return draft.replacement()
    y = draft.add(mean, node.inputs, name=node.name)
    clamp = Relu(activation=op.activation)
    draft.add(clamp, [y], name=f"{node.name}/{clamp.name}", output=node.outputs[0])
    return draft.replacement()


def _averaged_axes(window: Window, shape: Sequence[int]) -> tuple[int, ...] | None:
    """Return the axes of [N,H,W,C] that a pool averages as a whole; None where it slides along one.

    Padding counts nowhere, so that a window that reaches beyond the image is one over all of it.
    """
    sizes = window.output_size(*shape[1:3])
    axes = []
    for axis, (extent, outputs) in enumerate(zip(shape[1:3], sizes, strict=True)):
        before, after = window.pads[2 * axis : 2 * axis + 2]
        kernel = window.kernel[axis]
        if outputs == 1 and (extent == 1 or _holds_all(window, axis, extent, before)):
            axes.append(1 + axis)
        elif not (kernel == window.strides[axis] == 1 and before == after == 0):
            return None
    return tuple(axes)


def _holds_all(window: Window, axis: int, extent: int, before: int) -> bool:
    return window.dilations[axis] == 1 and window.kernel[axis] - before >= extent


def _scaled_sum(node: Node, around: Neighborhood) -> Replacement | None:
    """Write sum * (1 / count) as a mean."""
    if not isinstance(node.op, Mul) or node.op.activation is not Activation.NONE:
        return None
    for index in (0, 1):
        total, factor = (
            around.private_producer(node, index),
            around.constant(node.inputs[1 - index]),
        )
        if total is None or not isinstance(total.op, Sum) or factor is None or factor.size != 1:
            continue
        signature = around.signature(total)
        count = total.op.count(signature)
        same = signature.output == around.type(node.outputs[0])
        if same and count <= _MOST and abs(factor.item() * count - 1) < _ROUNDING:
            draft = Draft(around, [total, node])
            op = total.op.mean()
            draft.add(op, total.inputs, name=total.name, output=node.outputs[0])
            return draft.replacement()
    return None


def _mean_of_mean(node: Node, around: Neighborhood) -> Replacement | None:
    inner = around.private_producer(node)
    if not _is_kept(node, around) or inner is None or not _is_kept(inner, around):
        return None
    assert isinstance(node.op, Mean)  # noqa: S101 - tested above
    assert isinstance(inner.op, Mean)  # noqa: S101 - tested above
    both = replace(node.op, axes=tuple(sorted({*node.op.axes, *inner.op.axes})))
    if both.count(around.signature(inner)) > _MOST:
        return None
    draft = Draft(around, [inner, node])
    draft.add(both, inner.inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()


def _needless_axes(node: Node, around: Neighborhood) -> Replacement | None:
    """Leave axes of extent 1 out; a mean over no others is its input."""
    if not _is_kept(node, around):
        return None
    assert isinstance(node.op, Mean)  # noqa: S101 - tested above
    x = around.type(node.inputs[0])
    axes = tuple(axis for axis in node.op.axes if x.shape[axis] != 1)
    if not axes:
        return Replacement(same_as={node.outputs[0]: node.inputs[0]})
    if axes == node.op.axes:
        return None
    draft = Draft(around, [node])
    draft.add(replace(node.op, axes=axes), node.inputs, name=node.name, output=node.outputs[0])
    return draft.replacement()


def _is_kept(node: Node, around: Neighborhood) -> bool:
    """Tell whether a node is a mean of floats that keeps its axes."""
    kind: TensorType = around.type(node.outputs[0])
    return isinstance(node.op, Mean) and node.op.keep_dims and is_float(kind)
