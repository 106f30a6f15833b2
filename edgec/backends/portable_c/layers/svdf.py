"""SVDF in plain C."""

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.layers.svdf import Svdf, svdf_factors
from edgec.program import Call, Scalar

_TIME, _BIAS = 2, 4
_LARGEST = 2**15  # of a state


def constant_svdf(request: Request) -> bool:
    """Weights and bias are constants."""
    return all(request.is_constant(i) for i in (1, 2, 4) if i < len(request.node.inputs))


def sums_over_time_fit(request: Request) -> bool:
    """Weighted sums over time fit into 32 bits whatever the state."""
    time, *bias = (request.graph.constants[v] for v in request.node.inputs[_TIME::2])
    op = request.op
    assert isinstance(op, Svdf)  # noqa: S101 - the registry guarantees it
    sums = np.abs(time.astype(np.int64)).sum(axis=1).reshape(-1, op.rank).sum(axis=1) * _LARGEST
    offset = np.abs(bias[0].astype(np.int64)) if bias else 0
    return bool((sums + offset < 2**31).all())


@kernel("portable_c", Svdf, requires=(constant_svdf, sums_over_time_fit))
def svdf_s8(ctx: OfferContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, Svdf)  # noqa: S101 - the registry guarantees it
    x, features, time = signature.inputs[:3]
    first, second = svdf_factors(signature)
    return Call(
        "edgec_svdf_s8",
        [
            Scalar(x.shape[0]),
            Scalar(x.shape[1]),
            Scalar(features.shape[0]),
            Scalar(time.shape[1]),
            Scalar(op.rank),
            ctx.input(0),
            ctx.input(1),
            ctx.input(2),
            ctx.optional_input(_BIAS),
            ctx.input(3),
            structs.scale(first),
            structs.scale(second),
            Scalar(-x.quantization.zero_point),
            Scalar(signature.output.quantization.zero_point),
            ctx.output(1),
            ctx.output(0),
        ],
    )
