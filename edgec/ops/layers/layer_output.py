"""From the sums of a layer with weights to its output: what convolutions and dense layers share.

Sums are 32 bits wide for int8 activations. For int16 the bias decides, as in TFLite: int64 means
64-bit sums and a single rounding; int32 or none means 32-bit sums as for int8.
"""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, DType, Signature
from edgec.ops.numerics.fixed_point import (
    quantize_multipliers,
    requantize,
    requantize_wide,
    saturate,
    wrap_int32,
)
from edgec.ops.operator import Activation

_BIAS = 2  # the input


def has_wide_sums(signature: Signature) -> bool:
    """Tell whether a layer adds up in 64 bits."""
    return len(signature.inputs) > _BIAS and signature.inputs[_BIAS].dtype is DType.INT64


def layer_output(
    total: Array,
    bias: Sequence[Array],
    factors: Sequence[float],
    signature: Signature,
    activation: Activation,
) -> Array:
    """Return exact sums of products, int64 [..., channels], as integers of the output.

    ``bias`` holds the one bias or nothing, ``factors`` one factor sum -> output per channel, or one
    in all.
    """
    multipliers, shifts = quantize_multipliers(factors)
    total = np.asarray(total + bias[0]) if bias else total
    if has_wide_sums(signature):
        y = requantize_wide(total, multipliers, shifts)
    else:
        y = requantize(wrap_int32(total), multipliers, shifts)
    output = signature.output
    bounds = activation.quantized_bounds(output)
    return saturate(y + output.quantization.zero_point, *bounds, output.dtype.numpy)
