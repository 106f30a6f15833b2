"""Arg max and arg min in plain C, with int32 or int64 indices."""

from math import prod

from edgec.backends.base import LoweringContext, Request, kernel
from edgec.ir import DType
from edgec.lir import Call, Scalar
from edgec.ops.arg_max import ArgMax


def int8_to_indices(request: Request) -> bool:
    """The input is int8, the output int32 or int64."""
    x, y = request.signature.inputs[0].dtype, request.signature.output.dtype
    return x is DType.INT8 and y in {DType.INT32, DType.INT64}


@kernel("portable_c", ArgMax, requires=(int8_to_indices,))
def arg_max_s8(ctx: LoweringContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, ArgMax)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_arg_max_s8",
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
