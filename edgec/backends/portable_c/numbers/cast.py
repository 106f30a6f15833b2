"""Casts in plain C: one function for all pairs of types."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.numbers.cast import Cast
from edgec.program import Call, Scalar

_CODES = {
    DType.BOOL: 0,
    DType.INT8: 1,
    DType.INT16: 2,
    DType.INT32: 3,
    DType.INT64: 4,
    DType.FLOAT32: 5,
    DType.UINT8: 6,
}


def known_types(request: Request) -> bool:
    """Between bool, uint8, int8, int16, int32, float32, or from int64 to integers and bool."""
    x, y = request.signature.inputs[0].dtype, request.signature.output.dtype
    known = x in _CODES and y in _CODES.keys() - {DType.INT64}
    return known and (x, y) != (DType.INT64, DType.FLOAT32)


@kernel("portable_c", Cast, requires=(known_types,))
def cast(ctx: OfferContext) -> Call:
    x, y = ctx.signature.inputs[0], ctx.signature.output
    args = [Scalar(x.elements), Scalar(_CODES[x.dtype]), ctx.input(0)]
    return Call("edgec_cast", [*args, Scalar(_CODES[y.dtype]), ctx.output()])
