"""Classes of pairs in plain C: votes, and probabilities in floats made of integers."""

from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.classical.tree_ensemble import constant_tables
from edgec.ops.classical.pair_classes import PairProbabilities, PairVotes
from edgec.ops.classical.pair_shares import PairShares
from edgec.ops.numerics.float_bits import bits_of
from edgec.program import Call, Scalar


@kernel("portable_c", PairVotes)
def pair_votes_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, PairVotes)  # noqa: S101 - the registry guarantees it
    labels = ctx.table("labels", np.array(op.labels, np.int32))
    rows, classes = Scalar(prod(shape[:-1])), Scalar(len(op.labels))
    return Call("edgec_pair_votes_f32", [ctx.input(0), rows, classes, labels, ctx.output()])


@kernel("portable_c", PairProbabilities, requires=(constant_tables,))
def pair_probabilities_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, PairProbabilities)  # noqa: S101 - the registry guarantees it
    count = np.float32(op.classes)
    share, near = bits_of(np.array([np.float32(1) / count, np.float32(0.005) / count]))
    return Call(
        "edgec_pair_probabilities_f32",
        [
            ctx.input(0),
            Scalar(prod(shape[:-1])),
            ctx.input(1),
            ctx.input(2),
            Scalar(op.classes),
            Scalar(int(share)),
            Scalar(int(near)),
            ctx.scratch_buffer(4 * op.classes * (op.classes + 1)),
            ctx.output(),
        ],
    )


@kernel("portable_c", PairShares)
def pair_shares_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, PairShares)  # noqa: S101 - the registry guarantees it
    rows, classes = Scalar(prod(shape[:-1])), Scalar(op.classes)
    return Call("edgec_pair_shares_f32", [ctx.input(0), rows, classes, ctx.output()])
