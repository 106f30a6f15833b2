"""Calls of CMSIS-NN's convolutions with a scale per output: all of them take the same arguments."""

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import named
from edgec.backends.offer import OfferContext
from edgec.ir import DType, Signature
from edgec.ops.layers.conv2d import conv_factors
from edgec.ops.numerics.fixed_point import quantize_multipliers
from edgec.program import Call, ConstantRef, OperandRef, Struct

Bias = OperandRef | ConstantRef


def convolution(
    ctx: OfferContext,
    chosen: tuple[str, int],
    params: Struct,
    bias: Bias,
    signature: Signature | None = None,
) -> Call:
    """Return the call of a function and its scratch bytes, both ``chosen``.

    ``signature`` is that of the convolution, where the node is another layer computed as one.
    """
    signature = signature or ctx.signature
    multipliers, shifts = quantize_multipliers(conv_factors(signature))
    x, weights, y = signature.inputs[0], signature.inputs[1], signature.output
    function, scratch = chosen
    values = {
        "ctx": structs.context(ctx, scratch),
        params.c_type.removeprefix("cmsis_nn_"): params,
        "quant_params": structs.per_channel(ctx, multipliers, shifts),
        "input_dims": structs.shape(x.shape),
        "input_data": ctx.input(0),
        "filter_dims": structs.shape(weights.shape),
        "filter_data": ctx.input(1),
        "bias_dims": structs.dims(1, 1, 1, y.shape[3]),
        "bias_data": bias,
        "output_dims": structs.shape(y.shape),
        "output_data": ctx.output(),
    }
    sums = "int32_t" if x.dtype is DType.INT8 else "int64_t"
    arguments = named(ctx, function, values, {"bias_data": f"const {sums} *"})
    return Call(function, arguments, returns_status=True)
