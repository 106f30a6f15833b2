"""Comparisons in plain C, with broadcasting: truth values of one byte."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.numbers.compare import Compare, Relation
from edgec.program import Call, Scalar

_CODES = {
    Relation.EQUAL: 0,
    Relation.NOT_EQUAL: 1,
    Relation.LESS: 2,
    Relation.LESS_EQUAL: 3,
}


def bytes_as_they_are(request: Request) -> bool:
    """Both inputs are truth values, or int8 that is compared as it is."""
    return _reads(request, DType.INT8, DType.BOOL) and not _compare(request).is_rescaled(
        request.signature
    )


def int8_of_own_scales(request: Request) -> bool:
    """Both inputs are int8 whose scales count."""
    return _compare(request).is_rescaled(request.signature)


def two_int16(request: Request) -> bool:
    """Both inputs are int16."""
    return _reads(request, DType.INT16)


def two_int32(request: Request) -> bool:
    """Both inputs are int32."""
    return _reads(request, DType.INT32)


def _reads(request: Request, *dtypes: DType) -> bool:
    return all(each.dtype in dtypes for each in request.signature.inputs)


def _compare(request: Request) -> Compare:
    op = request.op
    assert isinstance(op, Compare)  # noqa: S101 - the registry guarantees it
    return op


@kernel("portable_c", Compare, requires=(bytes_as_they_are, few_loops))
def compare_s8(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_compare_s8", _code(ctx))


@kernel("portable_c", Compare, requires=(int8_of_own_scales, few_loops))
def compare_rescaled_s8(ctx: OfferContext) -> Call:
    scales = [
        argument
        for kind in ctx.signature.inputs
        for argument in (
            Scalar(-kind.quantization.zero_point),
            structs.scale(kind.quantization.scale),
        )
    ]
    return elementwise_call(ctx, "edgec_compare_rescaled_s8", *scales, _code(ctx))


@kernel("portable_c", Compare, requires=(two_int16, few_loops))
def compare_s16(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_compare_s16", _code(ctx))


@kernel("portable_c", Compare, requires=(two_int32, few_loops))
def compare_s32(ctx: OfferContext) -> Call:
    return elementwise_call(ctx, "edgec_compare_s32", _code(ctx))


def _code(ctx: OfferContext) -> Scalar:
    return Scalar(_CODES[_compare(ctx.request).relation])
