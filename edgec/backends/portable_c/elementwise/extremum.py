"""The larger or smaller of two elements in plain C, with broadcasting."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.backends.request import Request
from edgec.ops.elementwise.extremum import Extremum
from edgec.program import Call, Scalar


def one_scale(request: Request) -> bool:
    """Both inputs and the output have the same scale and zero point."""
    kinds = [*request.signature.inputs, *request.signature.outputs]
    return len({kind.qparams for kind in kinds}) == 1


@kernel("portable_c", Extremum, requires=(int8_inputs, one_scale, few_loops))
def extremum_s8(ctx: OfferContext) -> Call:
    return _call("edgec_extremum_s8", ctx)


@kernel("portable_c", Extremum, requires=(int16_inputs, one_scale, few_loops))
def extremum_s16(ctx: OfferContext) -> Call:
    return _call("edgec_extremum_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Extremum)  # noqa: S101 - the registry guarantees it
    return elementwise_call(ctx, function, Scalar(int(op.largest)))
