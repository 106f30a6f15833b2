"""Scores of classes in plain C: exp in fixed point, floats made and read as integers."""

from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.classical.class_scores import NEAR_ZERO, ClassScores, Pair, Transform
from edgec.ops.numerics.float_bits import bits_of
from edgec.program import Call, Scalar

_PAIRS = (Pair.NONE, Pair.COMPLEMENT, Pair.OPPOSITE)
_TRANSFORMS = (Transform.NONE, Transform.SOFTMAX, Transform.LOGISTIC, Transform.SOFTMAX_ZERO)


@kernel("portable_c", ClassScores)
def class_scores_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, ClassScores)  # noqa: S101 - the registry guarantees it
    if op.pair is Pair.NONE:
        ctx.may_overlap(0)
    return Call(
        "edgec_class_scores_f32",
        [
            ctx.input(0),
            Scalar(prod(shape[:-1])),
            Scalar(shape[-1]),
            Scalar(_PAIRS.index(op.pair)),
            Scalar(op.column),
            Scalar(_TRANSFORMS.index(op.transform)),
            Scalar(int(bits_of(np.array([NEAR_ZERO], np.float32))[0])),
            ctx.output(),
        ],
    )
