"""The structs of CMSIS-NN's arm_nn_types.h, one constructor each."""

from collections.abc import Sequence

import numpy as np

from edgec.backends.offer import OfferContext
from edgec.ir import Array, TensorType
from edgec.ops.layers.windows import Window
from edgec.ops.numerics.fixed_point import quantize_multiplier
from edgec.ops.operator import Activation
from edgec.program import ConstantRef, Null, OperandRef, Scalar, Struct


def dims(n: int, h: int, w: int, c: int) -> Struct:
    return Struct("cmsis_nn_dims", {"n": Scalar(n), "h": Scalar(h), "w": Scalar(w), "c": Scalar(c)})


def shape(extents: Sequence[int]) -> Struct:
    """Return ``cmsis_nn_dims`` of an NHWC tensor; missing axes are 1 in front."""
    n, h, w, c = (1,) * (4 - len(extents)) + tuple(extents)
    return dims(n, h, w, c)


def context(ctx: OfferContext, scratch_bytes: int) -> Struct:
    """Return ``cmsis_nn_context`` with scratch memory of a size fixed at build time."""
    fields = {"buf": ctx.scratch_buffer(scratch_bytes), "size": Scalar(scratch_bytes)}
    return Struct("cmsis_nn_context", fields)


def no_context() -> Struct:
    """Return ``cmsis_nn_context`` of a function that needs no memory."""
    return constant_context(Null(), 0)


def constant_context(buffer: ConstantRef | Null, size: int) -> Struct:
    """Return ``cmsis_nn_context`` with an array that is only read, computed at build time."""
    return Struct("cmsis_nn_context", {"buf": buffer, "size": Scalar(size)})


def activation(each: Activation, output: TensorType) -> Struct:
    low, high = each.quantized_bounds(output)
    return Struct("cmsis_nn_activation", {"min": Scalar(low), "max": Scalar(high)})


def window_fields(window: Window) -> dict[str, Struct]:
    """Return stride, padding and dilation, as several parameter structs have them."""
    return {
        "stride": _tile(*window.strides),
        "padding": _tile(window.pads[0], window.pads[2]),
        "dilation": _tile(*window.dilations),
    }


def pool(window: Window, activation_of_pool: Activation, output: TensorType) -> Struct:
    """Return ``cmsis_nn_pool_params``."""
    fields = window_fields(window)
    return Struct(
        "cmsis_nn_pool_params",
        {
            "stride": fields["stride"],
            "padding": fields["padding"],
            "activation": activation(activation_of_pool, output),
        },
    )


def per_channel(ctx: OfferContext, multipliers: Array, shifts: Array) -> Struct:
    return Struct(
        "cmsis_nn_per_channel_quant_params",
        {
            "multiplier": ctx.table("multipliers", multipliers, mutable=True),
            "shift": ctx.table("shifts", shifts, mutable=True),
        },
    )


def per_tensor(factor: float) -> Struct:
    multiplier, shift = quantize_multiplier(factor)
    fields = {"multiplier": Scalar(multiplier), "shift": Scalar(shift)}
    return Struct("cmsis_nn_per_tensor_quant_params", fields)


def bias(ctx: OfferContext, channels: int) -> OperandRef | ConstantRef:
    """Return the bias, or zeros where there is none: not every variant takes a null pointer."""
    if len(ctx.node.inputs) > 2:  # noqa: PLR2004 - data, weights, bias
        return ctx.input(2)
    return ctx.table("bias", np.zeros(channels, np.int32))


def _tile(h: int, w: int) -> Struct:
    return Struct("cmsis_nn_tile", {"w": Scalar(w), "h": Scalar(h)})
