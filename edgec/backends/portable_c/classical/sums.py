"""Linear and Gaussian sums, and scores of isolation forests in plain C: integers of 64 bits."""

from math import prod

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.classical.support_vectors import matrix_operands
from edgec.backends.portable_c.classical.tree_ensemble import constant_tables
from edgec.ops.classical.anomaly_score import AnomalyScore
from edgec.ops.classical.float_matrix import FloatMatrix
from edgec.ops.classical.gaussian_sums import GaussianSums
from edgec.program import Call, Scalar


@kernel("portable_c", FloatMatrix, requires=(constant_tables,))
def float_matrix_f32(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, FloatMatrix)  # noqa: S101 - the registry guarantees it
    args = [*matrix_operands(ctx), Scalar(op.shift), ctx.output()]
    return Call("edgec_float_matrix_f32", args)


@kernel("portable_c", GaussianSums, requires=(constant_tables,))
def gaussian_sums_s32(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, GaussianSums)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_gaussian_sums_s32",
        [
            ctx.input(0),
            Scalar(prod(x.shape[:-1])),
            Scalar(x.shape[-1]),
            *(ctx.input(index) for index in (1, 2, 3)),
            Scalar(ctx.signature.output.shape[-1]),
            Scalar(op.unit),
            Scalar(op.weight_unit),
            Scalar(op.sum_unit),
            ctx.output(),
        ],
    )


@kernel("portable_c", AnomalyScore)
def anomaly_score_f32(ctx: OfferContext) -> Call:
    op, x = ctx.request.op, ctx.signature.inputs[0]
    assert isinstance(op, AnomalyScore)  # noqa: S101 - the registry guarantees it
    ctx.may_overlap(0)
    numbers = [Scalar(each) for each in (x.elements, op.rate, op.rate_unit, op.offset)]
    return Call("edgec_anomaly_score_f32", [ctx.input(0), *numbers, ctx.output()])
