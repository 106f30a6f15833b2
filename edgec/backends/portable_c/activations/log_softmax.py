"""Log softmax in plain C."""

from edgec.backends.constraints import int8_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.softmax import Softmax
from edgec.program import Call, Scalar

_LONGEST_ROW = 4095


def log_output(request: Request) -> bool:
    """The output has scale 1/16 and zero point 127."""
    q = request.signature.output.quantization
    return (q.scale, q.zero_point) == LogSoftmax.fixed_output


def row_fits_log(request: Request) -> bool:
    """Rows have at most 4095 elements (their sum must fit 32 bits)."""
    return request.signature.output.shape[-1] <= _LONGEST_ROW


@kernel("portable_c", LogSoftmax, requires=(int8_inputs, log_output, row_fits_log))
def log_softmax_s8(ctx: OfferContext) -> Call:
    x = ctx.signature.inputs[0]
    multiplier, shift, smallest = Softmax().rescale(x)
    size = x.shape[-1]
    scale = structs.fixed_point(multiplier, shift)
    rows = Scalar(x.elements // size)
    args = [ctx.input(0), rows, Scalar(size), scale, Scalar(smallest), ctx.output()]
    return Call("edgec_log_softmax_s8", args)
