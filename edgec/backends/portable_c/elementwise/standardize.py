"""Standardization of float features in plain C."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.elementwise.standardize import Standardize
from edgec.program import Call, Scalar


def float_features(request: Request) -> bool:
    """All inputs are float32; offset and gain are constants."""
    floats = all(kind.dtype is DType.FLOAT32 for kind in request.signature.inputs)
    return floats and request.is_constant(1) and request.is_constant(2)


@kernel("portable_c", Standardize, requires=(float_features,))
def standardize_f32(ctx: OfferContext) -> Call:
    x = ctx.signature.inputs[0]
    size = x.shape[-1]
    rows = [ctx.input(0), Scalar(x.elements // size), Scalar(size)]
    return Call("edgec_standardize_f32", [*rows, ctx.input(1), ctx.input(2), ctx.output()])
