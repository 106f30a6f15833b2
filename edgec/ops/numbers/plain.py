"""Plain numbers: int32 and bool values without a quantization, and how 64 bits become 32.

ONNX counts in int64. No index or label of a microcontroller's model needs so many bits: inside,
all of them are int32.
"""

from dataclasses import replace

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, ValueName
from edgec.ops.numbers.cast import Cast
from edgec.ops.registry import SourceNode

_NARROW = frozenset({DType.UINT8, DType.INT8, DType.INT16, DType.UINT16})
INT32_LIMITS = np.iinfo(np.int32)


def check_no_scale(node: SourceNode, g: GraphBuilder) -> None:
    """Reject int32 that has a scale: neither a number nor what the kernels of int8 take."""
    for value in node.present_inputs():
        kind = g.type(value)
        if kind.dtype is DType.INT32 and kind.qparams is not None:
            raise node.reject(
                f"{value!r} is int32 with scale {kind.qparams.scales[0]:g}",
                code="unsupported-quantization",
                help="quantize it to int8 or int16 before, or give it no scale",
            )


def in_32_bits(g: GraphBuilder, value: ValueName) -> ValueName:
    """Return a value with its 64-bit numbers as int32; constants are limited to that range.

    Constants of fewer bits are int32, too: where a model counts in uint8, it counts in int32 here.
    """
    kind = g.type(value)
    narrow = g.constant_value(value) if kind.dtype in _NARROW and kind.qparams is None else None
    if narrow is not None:
        return g.constant(f"{value}/int32", narrow.astype(np.int32))
    if kind.dtype is not DType.INT64 or kind.qparams is not None:
        return value
    array = g.constant_value(value)
    if array is not None:
        return g.constant(f"{value}/int32", limited(array))
    return g.add1(Cast(dtype=DType.INT32), value, name=f"{value}/int32")


def limited(array: Array) -> Array:
    """Return whole numbers as int32, the nearest where they are beyond it."""
    return np.clip(array, INT32_LIMITS.min, INT32_LIMITS.max).astype(np.int32)


def with_inputs_in_32_bits(node: SourceNode, g: GraphBuilder) -> SourceNode:
    """Return the node as it reads int32 in place of int64."""
    inputs = tuple(None if each is None else in_32_bits(g, each) for each in node.inputs)
    return replace(node, inputs=inputs)
