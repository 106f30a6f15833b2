"""Labels of classifiers in plain C: floats compared as integers."""

from math import prod

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.ops.classical.class_label import ClassLabel
from edgec.ops.numerics.float_bits import place_of
from edgec.program import Call, Scalar


@kernel("portable_c", ClassLabel)
def class_label_f32(ctx: OfferContext) -> Call:
    op, shape = ctx.request.op, ctx.signature.inputs[0].shape
    assert isinstance(op, ClassLabel)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_class_label_f32",
        [
            ctx.input(0),
            Scalar(prod(shape[:-1])),
            Scalar(shape[-1]),
            ctx.table("labels", np.array(op.labels, np.int32)),
            Scalar(op.column),
            Scalar(place_of(op.threshold)),
            ctx.output(),
        ],
    )
