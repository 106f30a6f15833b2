"""Rectifiers of int16 in plain C: two factors and two bounds, one kernel."""

from edgec.backends.constraints import int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.leaky_relu import LeakyRelu
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.quantize import rescale_factor
from edgec.ops.functions.abs import Abs
from edgec.ops.functions.neg import Neg
from edgec.ops.functions.unary import scale_ratio
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar, Struct


@kernel("portable_c", Relu, requires=(int16_inputs,))
def relu_s16(ctx: OfferContext) -> Call:
    op, factor = ctx.request.op, scale_ratio(ctx.signature)
    assert isinstance(op, Relu)  # noqa: S101 - the registry guarantees it
    return rectify(ctx, factor, factor, op.activation.quantized_bounds(ctx.signature.output))


@kernel("portable_c", Clip, requires=(int16_inputs,))
def clip_s16(ctx: OfferContext) -> Call:
    op, y = ctx.request.op, ctx.signature.output
    assert isinstance(op, Clip)  # noqa: S101 - the registry guarantees it
    factor = rescale_factor(ctx.signature.inputs[0], y)
    return rectify(ctx, factor, factor, op.quantized_bounds(y))


@kernel("portable_c", LeakyRelu, requires=(int16_inputs,))
def leaky_relu_s16(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, LeakyRelu)  # noqa: S101 - the registry guarantees it
    bounds = Activation.NONE.quantized_bounds(ctx.signature.output)
    return rectify(ctx, op.negative_factor(ctx.signature), scale_ratio(ctx.signature), bounds)


@kernel("portable_c", Abs, requires=(int16_inputs,))
def abs_s16(ctx: OfferContext) -> Call:
    factor, bounds = scale_ratio(ctx.signature), Activation.NONE.quantized_bounds
    return rectify(ctx, -factor, factor, bounds(ctx.signature.output))


@kernel("portable_c", Neg, requires=(int16_inputs,))
def neg_s16(ctx: OfferContext) -> Call:
    factor, bounds = -scale_ratio(ctx.signature), Activation.NONE.quantized_bounds
    return rectify(ctx, factor, factor, bounds(ctx.signature.output))


def rectify(ctx: OfferContext, negative: float, positive: float, bounds: tuple[int, int]) -> Call:
    """Return the call that rescales negative and other values and limits them."""
    clamp = Struct("edgec_clamp_t", {"min": Scalar(bounds[0]), "max": Scalar(bounds[1])})
    factors = [structs.scale(negative), structs.scale(positive)]
    size = Scalar(ctx.signature.output.elements)
    return Call("edgec_rectify_s16", [ctx.input(0), size, *factors, clamp, ctx.output()])
