"""Logistic function and tanh of int16 in plain C, by one table."""

from edgec.backends.constraints import int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.tanh import Tanh
from edgec.ops.numerics.sigmoid_table import input_factor, sigmoid_table
from edgec.ops.operator import Operator
from edgec.program import Call, Scalar

_LARGEST_SCALE = 2.0


def fraction_output(request: Request) -> bool:
    """The output has scale 1/32768."""
    op, y = request.op, request.signature.output
    assert isinstance(op, Operator)  # noqa: S101 - the registry guarantees it
    return y.qparams == op.prescribed(y.dtype)


def small_scale(request: Request) -> bool:
    """The input's scale is at most 2."""
    x = request.signature.inputs[0]
    return x.qparams is None or max(x.qparams.scales) <= _LARGEST_SCALE


_REQUIRES = (int16_inputs, fraction_output, small_scale)


@kernel("portable_c", Logistic, requires=_REQUIRES)
def logistic_s16(ctx: OfferContext) -> Call:
    return _call("edgec_logistic_s16", ctx, doubled=False)


@kernel("portable_c", Tanh, requires=_REQUIRES)
def tanh_s16(ctx: OfferContext) -> Call:
    return _call("edgec_tanh_s16", ctx, doubled=True)


def _call(function: str, ctx: OfferContext, *, doubled: bool) -> Call:
    x = ctx.signature.inputs[0]
    factor = map(Scalar, input_factor(x.quantization.scale, doubled=doubled))
    table = ctx.shared_table("sigmoid_table", sigmoid_table())
    return Call(function, [ctx.input(0), Scalar(x.elements), *factor, table, ctx.output()])
