"""Arg max and arg min in plain C, with int32 or int64 indices."""

from math import prod

from edgec.backends.constraints import is_int16
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.reductions.arg_max import ArgMax
from edgec.program import Call, Scalar


def int8_to_indices(request: Request) -> bool:
    """The input is int8, the output int32 or int64."""
    return request.signature.inputs[0].dtype is DType.INT8 and _gives_indices(request)


def int16_to_indices(request: Request) -> bool:
    """The input is int16 with zero point 0, the output int32 or int64."""
    return is_int16(request.signature.inputs[0]) and _gives_indices(request)


def _gives_indices(request: Request) -> bool:
    return request.signature.output.dtype in {DType.INT32, DType.INT64}


@kernel("portable_c", ArgMax, requires=(int8_to_indices,))
def arg_max_s8(ctx: OfferContext) -> Call:
    return _call("edgec_arg_max_s8", ctx)


@kernel("portable_c", ArgMax, requires=(int16_to_indices,))
def arg_max_s16(ctx: OfferContext) -> Call:
    return _call("edgec_arg_max_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, ArgMax)  # noqa: S101 - the registry guarantees it
    return Call(
        function,
        [
            Scalar(prod(shape[: op.axis])),
            Scalar(shape[op.axis]),
            Scalar(prod(shape[op.axis + 1 :])),
            ctx.input(0),
            Scalar(-1 if op.smallest else 1),
            Scalar(int(op.last)),
            Scalar(int(op.dtype is DType.INT64)),
            ctx.output(),
        ],
    )
