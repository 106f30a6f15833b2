"""ONNX ReduceProd: the slices along an axis multiplied with each other, two and two."""

from collections.abc import Sequence
from dataclasses import replace

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.mul import Mul
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.reductions.reduction import listed_axes
from edgec.ops.registry import Format, SourceNode, importer

_MOST = 64  # factors


@importer(Format.ONNX, "ReduceProd")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    axes = listed_axes(node, g)
    keep_dims = node.flag("keepdims", default=True)
    x, plain = node.input(0), replace(node, attrs={})
    shape = g.type(x).shape
    for axis in axes or ():
        x = _product(plain.part(suffix=f"axis_{axis}"), g, x, axis)
    kept = [1 if axis in (axes or ()) else extent for axis, extent in enumerate(shape)]
    if not keep_dims:
        kept = [extent for axis, extent in enumerate(shape) if axis not in (axes or ())]
    return add_or_fold(plain, g, Reshape(shape=tuple(kept)), [x])


def _product(node: SourceNode, g: GraphBuilder, x: ValueName, axis: int) -> ValueName:
    """Multiply all elements along an axis, which stays with extent 1."""
    shape = g.type(x).shape
    if not 0 < shape[axis] <= _MOST:
        raise node.reject(
            f"a product of {shape[axis]} elements", help="add up their logarithms (ReduceSum)"
        )
    whole = Slice.whole(shape)
    factors = [
        add_or_fold(node.part(suffix=f"factor_{i}"), g, whole.along(axis, i, 1), [x])[0]
        for i in range(shape[axis])
    ]
    while len(factors) > 1:
        pairs = list(zip(factors[::2], factors[1::2], strict=False))
        rest = factors[2 * len(pairs) :]
        part = f"of_{len(factors)}"
        factors = [
            add_or_fold(node.part(suffix=f"{part}_{i}"), g, Mul(), list(pair))[0]
            for i, pair in enumerate(pairs)
        ] + rest
    return factors[0]
