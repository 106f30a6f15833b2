"""Fully connected layer by CMSIS-NN. MVE cores need sums of the weights, made at build time."""

import numpy as np

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import linked, named
from edgec.backends.constraints import (
    constant_weights,
    int8_data,
    int16_data,
    one_weight_scale,
    symmetric_weights,
)
from edgec.backends.kernel import kernel
from edgec.backends.offer import NotOfferedError, OfferContext
from edgec.backends.wide_sums import outputs_fit, products_fit_int32, sums_fit, wide_bias
from edgec.ir import Array, DType
from edgec.ops.layers.fully_connected import FullyConnected, fully_connected_factors
from edgec.ops.numerics.fixed_point import wrap_int32
from edgec.program import Call, Scalar, Struct

_OF_ROWS = ("vector_sum_buf", "vector_cols", "vector_rows", "vector_data")
_SUMS_ARE_FOLDED = {
    _OF_ROWS: False,
    (*_OF_ROWS, "lhs_offset", "bias_data"): True,
    (*_OF_ROWS, "lhs_offset", "rhs_offset", "bias_data"): True,
}
"""What kernel sums hold, by the parameters of arm_vector_sum_s8: v5, v6, as of v7.

The weights' offset that is in the last ones is 0: our weights are symmetric.
"""


@kernel(
    "cmsis_nn",
    FullyConnected,
    requires=(int8_data, constant_weights, symmetric_weights, one_weight_scale),
)
def fully_connected_s8(ctx: OfferContext) -> Call:
    return _call("arm_fully_connected_s8", ctx, _context(ctx))


_REQUIRES_INT16 = (
    int16_data,
    constant_weights,
    symmetric_weights,
    one_weight_scale,
    wide_bias,
    sums_fit,
    outputs_fit,
    products_fit_int32,
)


@kernel("cmsis_nn", FullyConnected, requires=_REQUIRES_INT16)
def fully_connected_s16(ctx: OfferContext) -> Call:
    return _call("arm_fully_connected_s16", ctx, structs.no_context())


def _call(function: str, ctx: OfferContext, context: Struct) -> Call:
    x, weights = ctx.signature.inputs[:2]
    outputs, depth = weights.shape
    rows = x.elements // depth
    values = {
        "ctx": context,
        "fc_params": _params(ctx),
        "quant_params": structs.per_tensor(fully_connected_factors(ctx.signature)[0]),
        "input_dims": structs.dims(rows, 1, 1, depth),
        "input_data": ctx.input(0),
        "filter_dims": structs.dims(depth, 1, 1, outputs),
        "filter_data": ctx.input(1),
        "bias_dims": structs.dims(1, 1, 1, outputs),
        "bias_data": ctx.optional_input(2),
        "output_dims": structs.dims(rows, 1, 1, outputs),
        "output_data": ctx.output(),
    }
    sums = "int32_t" if x.dtype is DType.INT8 else "int64_t"
    arguments = named(ctx, function, values, {"bias_data": f"const {sums} *"})
    return Call(function, arguments, returns_status=True)


def _params(ctx: OfferContext) -> Struct:
    op, x, y = ctx.request.op, ctx.signature.inputs[0], ctx.signature.output
    assert isinstance(op, FullyConnected)  # noqa: S101 - the registry guarantees it
    return Struct(
        "cmsis_nn_fc_params",
        {
            "input_offset": Scalar(-x.quantization.zero_point),
            "filter_offset": Scalar(0),
            "output_offset": Scalar(y.quantization.zero_point),
            "activation": structs.activation(op.activation, y),
        },
    )


def _context(ctx: OfferContext) -> Struct:
    """Return the context: kernel sums on MVE, which cannot do without them, else nothing."""
    if ctx.cpu.isa != "mve":
        return structs.no_context()
    has_bias = len(ctx.node.inputs) > 2  # noqa: PLR2004 - data, weights, bias
    sums = kernel_sums(
        ctx.constant_value(1),
        ctx.constant_value(2) if has_bias else None,
        -ctx.signature.inputs[0].quantization.zero_point,
        folded=_sums_are_folded(ctx),
    )
    return structs.constant_context(ctx.table("kernel_sums", sums, mutable=True), sums.nbytes)


def _sums_are_folded(ctx: OfferContext) -> bool:
    """Tell whether the linked version wants offset and bias in the kernel sums."""
    library = linked(ctx)
    found = library.parameters("arm_vector_sum_s8")
    folded = _SUMS_ARE_FOLDED.get(tuple(found or ()))
    if folded is None:
        shown = "is not there" if found is None else f"takes {', '.join(found)}"
        message = (
            f"arm_vector_sum_s8 is as in CMSIS-NN v5 to v8 (in CMSIS-NN {library.revision} "
            f"it {shown})"
        )
        raise NotOfferedError(message)
    return folded


def kernel_sums(weights: Array, bias: Array | None, input_offset: int, *, folded: bool) -> Array:
    """Return what arm_vector_sum_s8 would compute from weights [O,I], int32[O].

    Plain sums of the rows up to v5; ``folded`` as of v6: times the input offset, plus the bias.
    """
    sums = weights.astype(np.int64).sum(axis=1)
    if folded:
        sums = sums * input_offset + (0 if bias is None else bias)
    return wrap_int32(sums).astype(np.int32)
