"""The structs of runtime_c/include/edgec/edgec.h."""

from collections.abc import Sequence

from edgec.ir import TensorType
from edgec.lir import Scalar, Struct
from edgec.ops.base import Activation
from edgec.ops.fixed_point import quantize_multiplier
from edgec.ops.windows import Window


def dims(shape: Sequence[int]) -> Struct:
    """Return ``edgec_dims_t``; shapes below four axes are filled with 1 in front."""
    n, h, w, c = (1,) * (4 - len(shape)) + tuple(shape)
    return Struct("edgec_dims_t", {"n": Scalar(n), "h": Scalar(h), "w": Scalar(w), "c": Scalar(c)})


def window(each: Window) -> Struct:
    """Return ``edgec_window_t``."""
    return Struct(
        "edgec_window_t",
        {
            "stride_h": Scalar(each.strides[0]),
            "stride_w": Scalar(each.strides[1]),
            "pad_h": Scalar(each.pads[0]),
            "pad_w": Scalar(each.pads[2]),
            "dilation_h": Scalar(each.dilations[0]),
            "dilation_w": Scalar(each.dilations[1]),
        },
    )


def scale(factor: float) -> Struct:
    """Return ``edgec_scale_t`` for a real factor."""
    return fixed_point(*quantize_multiplier(factor))


def fixed_point(multiplier: int, shift: int) -> Struct:
    """Return ``edgec_scale_t`` for ``multiplier * 2**(shift - 31)``."""
    return Struct("edgec_scale_t", {"multiplier": Scalar(multiplier), "shift": Scalar(shift)})


def clamp(activation: Activation, output: TensorType) -> Struct:
    """Return ``edgec_clamp_t`` for a fused activation."""
    low, high = activation.quantized_bounds(output)
    return Struct("edgec_clamp_t", {"min": Scalar(low), "max": Scalar(high)})
