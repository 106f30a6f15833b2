"""Average and maximum pooling in plain C: any window."""

from edgec.backends.constraints import halves_away, int8_data, int16_data, pools_integers
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.program import Call, Scalar

_LARGEST_WINDOW = 1 << 16


def sum_fits(request: Request) -> bool:
    """Windows have at most 65535 elements, so that their sum fits int32."""
    op = request.op
    assert isinstance(op, AveragePool2D)  # noqa: S101 - the registry guarantees it
    return op.window.kernel[0] * op.window.kernel[1] < _LARGEST_WINDOW


@kernel("portable_c", AveragePool2D, requires=(int8_data, pools_integers))
def average_pool2d_s8(ctx: OfferContext) -> Call:
    away = halves_away(ctx.request)
    return _pool("edgec_average_pool2d_s8" if away else "edgec_average_pool2d_up_s8", ctx)


@kernel("portable_c", MaxPool2D, requires=(int8_data, pools_integers))
def max_pool2d_s8(ctx: OfferContext) -> Call:
    return _pool("edgec_max_pool2d_s8", ctx)


@kernel("portable_c", AveragePool2D, requires=(int16_data, pools_integers, sum_fits, halves_away))
def average_pool2d_s16(ctx: OfferContext) -> Call:
    return _pool("edgec_average_pool2d_s16", ctx)


@kernel("portable_c", MaxPool2D, requires=(int16_data, pools_integers))
def max_pool2d_s16(ctx: OfferContext) -> Call:
    return _pool("edgec_max_pool2d_s16", ctx)


def _pool(function: str, ctx: OfferContext) -> Call:
    op, x, y = ctx.request.op, ctx.signature.inputs[0], ctx.signature.output
    assert isinstance(op, AveragePool2D | MaxPool2D)  # noqa: S101 - the registry guarantees it
    return Call(
        function,
        [
            structs.dims(x.shape),
            ctx.input(0),
            Scalar(op.window.kernel[0]),
            Scalar(op.window.kernel[1]),
            structs.window(op.window),
            structs.clamp(op.activation, y),
            structs.dims(y.shape),
            ctx.output(),
        ],
    )
