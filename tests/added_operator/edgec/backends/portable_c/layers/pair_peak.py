"""PairPeak in plain C."""

from edgec.backends.constraints import int8_data
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.layers.pair_peak import PairPeak, factor, zero_point
from edgec.program import Call, Scalar


def constant_layer(request: Request) -> bool:
    """Weights and bias are constants."""
    return request.is_constant(1) and request.is_constant(2)


@kernel("portable_c", PairPeak, requires=(int8_data, constant_layer))
def pair_peak_s8(ctx: OfferContext) -> Call:
    (batch, depth), (outputs, _) = (each.shape for each in ctx.signature.inputs[:2])
    return Call(
        "edgec_pair_peak_s8",
        [
            Scalar(batch),
            Scalar(depth),
            Scalar(outputs),
            ctx.input(0),
            ctx.input(1),
            ctx.input(2),
            ctx.input(3),
            structs.scale(factor(ctx.signature)),
            Scalar(-zero_point(ctx.signature)),
            Scalar(ctx.signature.output.quantization.zero_point),
            ctx.output(1),
            ctx.output(0),
        ],
    )
