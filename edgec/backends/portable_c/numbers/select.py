"""Select in plain C, with broadcasting: elements of 1, 2 or 4 bytes."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.numbers.select import Select
from edgec.program import Call


def of_bytes(request: Request) -> bool:
    """What is selected is int8 or bool."""
    return request.signature.output.dtype in {DType.INT8, DType.BOOL}


def of_int16(request: Request) -> bool:
    """What is selected is int16."""
    return request.signature.output.dtype is DType.INT16


def of_words(request: Request) -> bool:
    """What is selected is int32."""
    return request.signature.output.dtype is DType.INT32


@kernel("portable_c", Select, requires=(of_bytes, few_loops))
def select_s8(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_select_s8")


@kernel("portable_c", Select, requires=(of_int16, few_loops))
def select_s16(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_select_s16")


@kernel("portable_c", Select, requires=(of_words, few_loops))
def select_s32(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_select_s32")
