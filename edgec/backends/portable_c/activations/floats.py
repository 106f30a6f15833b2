"""What quantized models leave in float at their end, behind the last DEQUANTIZE, in plain C."""

from edgec.backends.constraints import float_data
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh
from edgec.program import Argument, Call, Scalar


@kernel("portable_c", LogSoftmax, requires=(float_data,))
def log_softmax_f32(ctx: OfferContext) -> Call:
    return Call("edgec_log_softmax_f32", [*_rows(ctx), ctx.output()])


@kernel("portable_c", Softmax, requires=(float_data,))
def softmax_f32(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Softmax)  # noqa: S101 - the registry guarantees it
    return Call("edgec_softmax_f32", [*_rows(ctx), Scalar(op.beta, "float"), ctx.output()])


@kernel("portable_c", Logistic, requires=(float_data,))
def logistic_f32(ctx: OfferContext) -> Call:
    return _elements(ctx, "edgec_logistic_f32")


@kernel("portable_c", Tanh, requires=(float_data,))
def tanh_f32(ctx: OfferContext) -> Call:
    return _elements(ctx, "edgec_tanh_f32")


def _rows(ctx: OfferContext) -> list[Argument]:
    x = ctx.signature.inputs[0]
    size = x.shape[-1]
    return [ctx.input(0), Scalar(x.elements // size), Scalar(size)]


def _elements(ctx: OfferContext, function: str) -> Call:
    return Call(function, [ctx.input(0), Scalar(ctx.signature.output.elements), ctx.output()])
