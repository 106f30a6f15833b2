"""Casts of source models: what each means where numbers stand for real ones, and where not."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import DType, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.cast import Cast, converted
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.numbers.select import Select
from edgec.ops.registry import Format, SourceNode, importer

_PLAIN = frozenset({DType.BOOL, DType.INT32, DType.FLOAT32})
_STORED = frozenset({*_PLAIN, DType.INT8, DType.INT16})
_ONNX_TYPES = {
    1: DType.FLOAT32,
    2: DType.UINT8,
    3: DType.INT8,
    5: DType.INT16,
    6: DType.INT32,
    7: DType.INT64,
    9: DType.BOOL,
}
"""Numbers of onnx.TensorProto.DataType that edgec has a type for."""


@importer(Format.ONNX, "Cast")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("saturate", "round_mode")
    wanted = _ONNX_TYPES.get(node.integer("to"))
    value = node.input(0)
    array, kind = g.constant_value(value), g.type(value)
    if wanted is not None and array is not None:
        return [g.constant(node.outputs[0], array.astype(wanted.numpy))]
    if kind.dtype is wanted:
        return add_or_fold(node, g, Reshape(shape=kind.shape), [value])
    made = None if wanted is None else _converted(node, g, value, wanted)
    if made is None:
        raise node.reject(
            f"cast of {kind.dtype.value} to ONNX type {node.integer('to')} at run time",
            help="cast between float32, int32, int64 and bool; only casts without effect are "
            "dropped",
        )
    return made


@importer(Format.TFLITE, "CAST")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a cast; the types are those of the tensors, options may say nothing or others.

    Integers that have a scale, or get one, are taken as they are stored.
    """
    node.ignore("in_data_type", "out_data_type")
    x, wanted = node.input(0), node.dtypes[0]
    kind, array = g.type(x), g.constant_value(x)
    if array is not None:
        return [g.constant(node.outputs[0], converted(array, wanted), *node.qparams)]
    stored = DType.INT32 if wanted is DType.INT64 else wanted
    if kind.qparams is not None or any(node.qparams):
        if {kind.dtype, stored} <= _STORED:
            return add_or_fold(node, g, Cast(dtype=stored), [x])
    else:
        made = _converted(node, g, x, wanted)
        if made is not None:
            return made
    raise node.reject(
        f"from {kind.dtype.value} to {wanted.value}",
        code="unsupported-dtype",
        help="cast between float32, int32 and bool",
    )


def _converted(
    node: SourceNode, g: GraphBuilder, value: ValueName, wanted: DType
) -> Sequence[ValueName] | None:
    """Add what converts a value without scale; None where nothing can.

    Truth values become real numbers by a select of two: so they can be quantized.
    """
    value = in_32_bits(g, value)
    wanted = DType.INT32 if wanted is DType.INT64 else wanted
    kind = g.type(value)
    if not {kind.dtype, wanted} <= _PLAIN:
        return None
    if kind.dtype is wanted:
        return add_or_fold(node, g, Reshape(shape=kind.shape), [value])
    if (kind.dtype, wanted) == (DType.BOOL, DType.FLOAT32):
        one, zero = (
            g.constant(f"{node.name}/{number:g}", np.array(number, np.float32))
            for number in (1.0, 0.0)
        )
        return add_or_fold(node, g, Select(), [value, one, zero])
    if (kind.dtype, wanted) == (DType.FLOAT32, DType.BOOL):
        zero = g.constant(f"{node.name}/0", np.array(0, np.float32))
        return add_or_fold(node, g, Compare(relation=Relation.NOT_EQUAL), [value, zero])
    return add_or_fold(node, g, Cast(dtype=wanted), [value])
