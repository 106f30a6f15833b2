"""Running sums in plain C."""

from math import prod

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.numbers.cum_sum import CumSum, cum_sum_factor
from edgec.ops.numerics.fixed_point import quantize_multiplier
from edgec.program import Argument, Call, Scalar

_LARGEST = 2**31 - 1


def int16_sums_fit(request: Request) -> bool:
    """Fewer than 2**15 elements are summed, so that their sum fits int32."""
    return _count(request) < 1 << 15


def int8_sums_fit(request: Request) -> bool:
    """Fewer than 2**22 elements are summed, so that their sum fits int32."""
    return _count(request) < 1 << 22


def of_int32(request: Request) -> bool:
    """The input is int32."""
    return request.signature.inputs[0].dtype is DType.INT32


def _op(request: Request) -> CumSum:
    op = request.op
    assert isinstance(op, CumSum)  # noqa: S101 - the registry guarantees it
    return op


def _count(request: Request) -> int:
    return request.signature.inputs[0].shape[_op(request).axis]


@kernel("portable_c", CumSum, requires=(int8_inputs, int8_sums_fit))
def cum_sum_s8(ctx: OfferContext) -> Call:
    return _scaled("edgec_cum_sum_s8", ctx)


@kernel("portable_c", CumSum, requires=(int16_inputs, int16_sums_fit))
def cum_sum_s16(ctx: OfferContext) -> Call:
    return _scaled("edgec_cum_sum_s16", ctx)


@kernel("portable_c", CumSum, requires=(of_int32,))
def cum_sum_s32(ctx: OfferContext) -> Call:
    return Call("edgec_cum_sum_s32", [*_walk(ctx), ctx.input(0), ctx.output()])


def _scaled(function: str, ctx: OfferContext) -> Call:
    x, y = ctx.signature.inputs[0], ctx.signature.output
    factor = cum_sum_factor(ctx.signature)
    _, shift = quantize_multiplier(factor)
    how: list[Argument] = [
        Scalar(-x.quantization.zero_point),
        Scalar(_LARGEST >> max(shift, 0)),
        structs.scale(factor),
        Scalar(y.quantization.zero_point),
    ]
    return Call(function, [*_walk(ctx), *how, ctx.input(0), ctx.output()])


def _walk(ctx: OfferContext) -> list[Argument]:
    op, shape = _op(ctx.request), ctx.signature.inputs[0].shape
    return [
        Scalar(prod(shape[: op.axis])),
        Scalar(shape[op.axis]),
        Scalar(prod(shape[op.axis + 1 :])),
        Scalar(-1 if op.reverse else 1),
        Scalar(int(op.exclusive)),
    ]
