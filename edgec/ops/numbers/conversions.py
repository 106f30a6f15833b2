"""Casts of source models: what each means where numbers stand for real ones, and where not."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import DType, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.ops.numbers.cast import Cast, converted
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Operator
from edgec.ops.reductions.arg_max import ArgMax
from edgec.ops.registry import Format, SourceNode, importer

_PLAIN = frozenset({DType.BOOL, DType.INT32, DType.FLOAT32})
_STORED = frozenset({*_PLAIN, DType.INT8, DType.INT16})
_NARROW = {DType.UINT8: 0, DType.INT8: -128, DType.INT16: -32768, DType.UINT16: 0}
"""Types that are int32 inside, and the lowest number of each."""
_ONNX_TYPES = {
    1: DType.FLOAT32,
    2: DType.UINT8,
    3: DType.INT8,
    4: DType.UINT16,
    5: DType.INT16,
    6: DType.INT32,
    7: DType.INT64,
    9: DType.BOOL,
    12: DType.INT32,  # uint32 and uint64: numbers of more than 31 bits are no model's
    13: DType.INT32,
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
    made = None if wanted is None else _counted(node, g, value, wanted)
    if made is None:
        raise node.reject(
            f"cast of {kind.dtype.value} to ONNX type {node.integer('to')} at run time",
            help="cast between float32, integers and bool; of quantized values only casts without "
            "effect are dropped",
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


def _counted(
    node: SourceNode, g: GraphBuilder, value: ValueName, wanted: DType
) -> Sequence[ValueName] | None:
    """Add a cast as ONNX means it: integers of any width are int32, and keep their lowest bits.

    Real numbers beyond the type's range are left open by ONNX; they stay what they are.
    """
    if wanted not in _NARROW:
        return _converted(node, g, value, wanted)
    value = in_32_bits(g, value)
    if g.type(value).dtype is not DType.INT32 or g.type(value).qparams is not None:
        return _converted(node, g, value, DType.INT32)
    lowest, count = _NARROW[wanted], 1 << (8 * wanted.bytes)
    if _is_within(g, value, lowest + count):
        return _converted(node, g, value, DType.INT32)
    steps = Expression(node, g)
    offset = steps.number(lowest)
    raised = steps.add(Arithmetic(calculation=Calculation.SUB), value, offset)
    rest = steps.add(Arithmetic(calculation=Calculation.FLOOR_MOD), raised, steps.number(count))
    return [steps.add(Arithmetic(calculation=Calculation.ADD), rest, offset)]


def _is_within(g: GraphBuilder, value: ValueName, beyond: int) -> bool:
    """Tell whether numbers are truth values or indices below ``beyond``."""
    makers = {result: node for node in g.nodes for result in node.outputs}
    while (node := makers.get(value)) is not None:
        if isinstance(node.op, ArgMax):
            return g.type(node.inputs[0]).shape[node.op.axis] <= beyond
        (source, *_), op = node.inputs, node.op
        if not isinstance(op, Cast) and not (isinstance(op, Operator) and op.moves_only):
            return False
        value = source
        if g.type(value).dtype is DType.BOOL:
            return True
    return False


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
