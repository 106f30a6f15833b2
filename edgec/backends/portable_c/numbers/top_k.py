"""The largest or smallest of rows in plain C."""

from math import prod

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.numbers.top_k import TopK
from edgec.program import Call, Scalar


def rows_of_int8(request: Request) -> bool:
    """The input is int8."""
    return request.signature.inputs[0].dtype is DType.INT8


def rows_of_int16(request: Request) -> bool:
    """The input is int16."""
    return request.signature.inputs[0].dtype is DType.INT16


def rows_of_int32(request: Request) -> bool:
    """The input is int32."""
    return request.signature.inputs[0].dtype is DType.INT32


@kernel("portable_c", TopK, requires=(rows_of_int8,))
def top_k_s8(ctx: OfferContext) -> Call:
    return _call("edgec_top_k_s8", ctx)


@kernel("portable_c", TopK, requires=(rows_of_int16,))
def top_k_s16(ctx: OfferContext) -> Call:
    return _call("edgec_top_k_s16", ctx)


@kernel("portable_c", TopK, requires=(rows_of_int32,))
def top_k_s32(ctx: OfferContext) -> Call:
    return _call("edgec_top_k_s32", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, TopK)  # noqa: S101 - the registry guarantees it
    return Call(
        function,
        [
            Scalar(prod(shape[:-1])),
            Scalar(shape[-1]),
            Scalar(op.count),
            Scalar(int(op.smallest)),
            ctx.input(0),
            ctx.output(0),
            ctx.output(1),
        ],
    )
