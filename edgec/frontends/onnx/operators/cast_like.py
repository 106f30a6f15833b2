"""ONNX CastLike: only the element type of its second input matters."""

from collections.abc import Sequence

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "CastLike")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("saturate", "round_mode")
    x, wanted = node.input(0), g.type(node.input(1)).dtype
    array, kind = g.constant_value(x), g.type(x)
    if array is not None:
        return [g.constant(node.outputs[0], array.astype(wanted.numpy))]
    if kind.dtype is not wanted:
        raise node.reject(
            f"cast of {kind.dtype.value} to {wanted.value} at run time",
            help="keep one element type through the network; only casts without effect are dropped",
        )
    return add_or_fold(node, g, Reshape(shape=kind.shape), [x])
