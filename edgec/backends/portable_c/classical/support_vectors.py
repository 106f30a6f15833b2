"""Support vectors and fixed-point features in plain C: integers of 64 bits."""

from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.classical.tree_ensemble import constant_tables
from edgec.ops.classical.fixed_features import FixedFeatures
from edgec.ops.classical.fixed_matrix import FixedMatrix
from edgec.ops.classical.support_vectors import Kernel, SupportVectors
from edgec.program import Argument, Call, Scalar, Struct

_KINDS = (Kernel.LINEAR, Kernel.POLY, Kernel.RBF, Kernel.SIGMOID)


@kernel("portable_c", FixedFeatures, requires=(constant_tables,))
def fixed_features_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, FixedFeatures)  # noqa: S101 - the registry guarantees it
    ctx.may_overlap(0)
    args = [ctx.input(0), Scalar(prod(shape[:-1])), Scalar(shape[-1])]
    tables = [ctx.input(index) for index in (1, 2, 3)]
    limit = Scalar((1 << op.bits) - 1)
    return Call("edgec_fixed_features_f32", [*args, *tables, limit, ctx.output()])


@kernel("portable_c", FixedMatrix, requires=(constant_tables,))
def fixed_matrix_f32(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, FixedMatrix)  # noqa: S101 - the registry guarantees it
    limit = Scalar((1 << op.bits) - 1)
    args = [*matrix_operands(ctx), Scalar(op.shift), limit, ctx.output()]
    return Call("edgec_fixed_matrix_f32", args)


def matrix_operands(ctx: OfferContext) -> list[Argument]:
    """Return rows of x, their count and length, weights, offsets, and the count of results."""
    x, weights, _ = ctx.signature.inputs
    rows, length, results = prod(x.shape[:-1]), x.shape[-1], weights.shape[0]
    tables = [ctx.input(1), ctx.input(2)]
    return [ctx.input(0), Scalar(rows), Scalar(length), *tables, Scalar(results)]


@kernel("portable_c", SupportVectors, requires=(constant_tables,))
def support_vectors_s32(ctx: OfferContext) -> Call:
    op, (x, _, coefficients, rho) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, SupportVectors)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_support_vectors_s32",
        [
            ctx.input(0),
            Scalar(prod(x.shape[:-1])),
            Scalar(x.shape[-1]),
            ctx.input(1),
            ctx.input(2),
            Scalar(coefficients.shape[1]),
            ctx.table("ends", np.cumsum(op.counts).astype(np.int32)),
            ctx.table("places", np.array(op.sums, np.int32)),
            _kernel(op),
            ctx.input(3),
            Scalar(rho.elements),
            ctx.scratch_buffer(8 * rho.elements),
            ctx.output(),
        ],
    )


def _kernel(op: SupportVectors) -> Struct:
    numbers = {
        "kind": _KINDS.index(op.kernel),
        "unit": op.unit,
        "gamma": op.gamma[0],
        "gamma_exponent": op.gamma[1],
        "offset": op.offset[0],
        "offset_exponent": op.offset[1],
        "degree": op.degree,
        "coefficient_unit": op.coefficient_unit,
        "sum_unit": op.sum_unit,
        "classes": len(op.counts),
    }
    return Struct("edgec_kernel_t", {name: Scalar(value) for name, value in numbers.items()})
