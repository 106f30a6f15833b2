"""BUCKETIZE: how many boundaries a number has reached, counted as comparisons."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.conversion.dequantize import Dequantize, dequantized
from edgec.ops.movement.gather import check_table
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.cast import Cast
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import INT32_LIMITS, in_32_bits
from edgec.ops.numbers.reduce_numbers import ReduceNumbers, Total
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

describe_tflite("BUCKETIZE", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "BUCKETIZE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the bucket of each element: x [...] -> [...] of int32, 0 below all boundaries.

    Source: TFLite 2.14 kernels/bucketize.cc (the first boundary that is larger), Keras
    Discretization.
    """
    boundaries = np.array(node.numbers("boundaries", ()), np.float32)
    if not np.all(boundaries[:-1] <= boundaries[1:]):
        raise node.reject("boundaries that do not ascend", code="malformed-model")
    x = in_32_bits(g, node.input(0))
    shape = g.type(x).shape
    qparams = None
    made_by = g.producer(x)
    if g.type(x).dtype is DType.INT32:
        boundaries = _whole(boundaries)
    elif made_by is not None and isinstance(made_by.op, Dequantize):
        (x,) = made_by.inputs
        qparams = g.type(x).quantization
        boundaries = _in_steps(boundaries, g.type(x))
    if not boundaries.size:
        return [g.constant(node.outputs[0], np.zeros(shape, np.int32))]
    check_table(node, len(boundaries))
    steps = Expression(node, g)
    limits = g.constant(f"{node.outputs[0]}/boundaries", boundaries, qparams)
    column = steps.add(Reshape(shape=(*shape, 1)), x)
    reached = steps.add(Compare(relation=Relation.LESS_EQUAL), limits, column)
    ones = steps.add(Cast(dtype=DType.INT32), reached)
    count = ReduceNumbers(total=Total.SUM, axes=(len(shape),), keep_dims=False)
    return add_or_fold(node, g, count, [ones])


def _whole(boundaries: Array) -> Array:
    """Return what int32 reaches: the next whole numbers, without those that none can."""
    lowest = np.maximum(np.ceil(boundaries.astype(np.float64)), INT32_LIMITS.min)
    return lowest[lowest <= INT32_LIMITS.max].astype(np.int32)


def _in_steps(boundaries: Array, kind: TensorType) -> Array:
    """Return the first of the integers of ``kind`` that reach each boundary, where one does."""
    limits = np.iinfo(kind.dtype.numpy)
    steps = np.arange(limits.min, limits.max + 1).astype(kind.dtype.numpy)
    places = np.searchsorted(dequantized(steps, kind), boundaries)
    return np.asarray(steps[places[places < len(steps)]])
