"""Fully connected layer with a scale per output by CMSIS-NN: as the 1x1 convolution that it is.

Rows are the pixels of an image one pixel high. Both have their factors in double. The bundled
version has no such fully connected layer. Its convolution wants several rows at a time: of one row
of 256 values and 32 outputs it takes 5.1 instructions per weight on a Cortex-M4, plain C 2.7; of
four rows of 64 values and 64 outputs 3.0 and 3.4 (a run of the firmware in QEMU, at -O3).
"""

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import is_pinned
from edgec.backends.cmsis_nn.conv2d import params, variant, variant_s16
from edgec.backends.cmsis_nn.convolutions import Bias, convolution
from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    symmetric_weights,
    weight_scale_per_output,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.backends.wide_sums import outputs_fit, sums_fit, wide_bias
from edgec.ir import Signature
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.program import Call

_WINDOW = Window((1, 1))
_FEWEST_ROWS = 4
_REQUIRES = (constant_weights, symmetric_weights, weight_scale_per_output)


def rows_pay(request: Request) -> bool:
    """The core has MVE, or there are at least 4 rows (plain C is faster with fewer)."""
    x, weights = request.signature.inputs[:2]
    return request.cpu.isa == "mve" or x.elements // weights.shape[1] >= _FEWEST_ROWS


@kernel("cmsis_nn", FullyConnected, requires=(int8_data, *_REQUIRES, rows_pay))
def fully_connected_per_channel_s8(ctx: OfferContext) -> Call:
    as_conv = _as_convolution(ctx.signature)
    chosen = variant(_WINDOW, as_conv, ctx.cpu, is_pinned=is_pinned(ctx))
    return _call(ctx, as_conv, chosen, structs.bias(ctx, as_conv.output.shape[3]))


@kernel(
    "cmsis_nn",
    FullyConnected,
    requires=(int16_data, *_REQUIRES, wide_bias, sums_fit, outputs_fit),
)
def fully_connected_per_channel_s16(ctx: OfferContext) -> Call:
    as_conv = _as_convolution(ctx.signature)
    chosen = variant_s16(ctx, _WINDOW, as_conv.inputs[1])
    return _call(ctx, as_conv, chosen, ctx.input(2))


def _as_convolution(signature: Signature) -> Signature:
    """Return the types of the convolution: x [1,1,rows,I], weights [O,1,1,I] -> [1,1,rows,O]."""
    x, weights, *bias = signature.inputs
    outputs, depth = weights.shape
    rows = x.elements // depth
    inputs = (x.with_shape((1, 1, rows, depth)), weights.with_shape((outputs, 1, 1, depth)), *bias)
    return Signature(inputs, (signature.output.with_shape((1, 1, rows, outputs)),))


def _call(ctx: OfferContext, as_conv: Signature, chosen: tuple[str, int], bias: Bias) -> Call:
    op = ctx.request.op
    assert isinstance(op, FullyConnected)  # noqa: S101 - the registry guarantees it
    of_conv = params(Conv2D(window=_WINDOW, activation=op.activation), as_conv)
    return convolution(ctx, chosen, of_conv, bias, as_conv)
