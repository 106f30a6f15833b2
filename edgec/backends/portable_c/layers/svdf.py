"""SVDF in plain C."""

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ir import DType
from edgec.ops.layers.svdf import Svdf, svdf_factors
from edgec.program import Call, Scalar

_TIME, _STATE, _BIAS = 2, 3, 4
_LARGEST = {DType.INT16: 2**15, DType.INT8: 2**8}  # of a state, less its zero point


def constant_svdf(request: Request) -> bool:
    """Weights and bias are constants."""
    return all(request.is_constant(i) for i in (1, 2, 4) if i < len(request.node.inputs))


def sums_over_time_fit(request: Request) -> bool:
    """Weighted sums over time fit into 32 bits whatever the state."""
    time, *bias = (request.graph.constants[v] for v in request.node.inputs[_TIME::2])
    op = request.op
    assert isinstance(op, Svdf)  # noqa: S101 - the registry guarantees it
    weights = np.abs(time.astype(np.int64)).sum(axis=1).reshape(-1, op.rank).sum(axis=1)
    sums = weights * _LARGEST.get(request.signature.inputs[_STATE].dtype, 0)
    offset = np.abs(bias[0].astype(np.int64)) if bias else 0
    return bool((sums + offset < 2**31).all())


def int16_state(request: Request) -> bool:
    """The state is int16."""
    return request.signature.inputs[_STATE].dtype is DType.INT16


def int8_state(request: Request) -> bool:
    """The state is int8."""
    return request.signature.inputs[_STATE].dtype is DType.INT8


@kernel("portable_c", Svdf, requires=(int16_state, constant_svdf, sums_over_time_fit))
def svdf_s8(ctx: OfferContext) -> Call:
    return _call("edgec_svdf_s8", ctx, [])


@kernel("portable_c", Svdf, requires=(int8_state, constant_svdf, sums_over_time_fit))
def svdf_state_s8(ctx: OfferContext) -> Call:
    zero_point = ctx.signature.inputs[_STATE].quantization.zero_point
    return _call("edgec_svdf_state_s8", ctx, [Scalar(-zero_point)])


def _call(function: str, ctx: OfferContext, state_offset: list[Scalar]) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, Svdf)  # noqa: S101 - the registry guarantees it
    x, features, time = signature.inputs[:3]
    first, second = svdf_factors(signature)
    return Call(
        function,
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
            *state_offset,
            Scalar(signature.output.quantization.zero_point),
            ctx.output(1),
            ctx.output(0),
        ],
    )
