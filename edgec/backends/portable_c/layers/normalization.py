"""Normalization in plain C, over one or two runs of neighboring axes."""

from math import prod

from edgec.backends.constraints import int8_data, int16_data
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ops.layers.normalization import Normalization, Run
from edgec.program import Call, Scalar, Struct

_RUNS = 5  # kept, normalized, kept, normalized, kept
_MOST = 1 << 16


def constant_parameters(request: Request) -> bool:
    """Gain and offset are constants."""
    return request.is_constant(1) and request.is_constant(2)


def two_runs_of_axes(request: Request) -> bool:
    """The normalized axes form at most two runs of neighbors (axes of extent 1 do not count)."""
    return len(_runs(request)) <= _RUNS


def few_elements(request: Request) -> bool:
    """At most 65536 elements are normalized together."""
    return _op(request).count(request.signature) <= _MOST


_REQUIRES = (constant_parameters, two_runs_of_axes, few_elements)


@kernel("portable_c", Normalization, requires=(int8_data, *_REQUIRES))
def normalization_s8(ctx: OfferContext) -> Call:
    return _call("edgec_normalization_s8", ctx)


@kernel("portable_c", Normalization, requires=(int16_data, *_REQUIRES))
def normalization_s16(ctx: OfferContext) -> Call:
    return _call("edgec_normalization_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    gain, offset = (ctx.constant_value(index) for index in (1, 2))
    op = _op(ctx.request)
    factors = op.factors(gain, offset, ctx.signature)
    gains, offsets = (op.by_runs(x, ctx.signature) for x in (factors.gains, factors.offsets))
    return Call(
        function,
        [
            _walk(_runs(ctx.request)),
            ctx.input(0),
            structs.fixed_point(factors.mantissa, factors.exponent),
            Scalar(2 * factors.fine),
            Scalar(factors.inverse_bits + factors.fine),
            ctx.table("gains", gains),
            ctx.table("offsets", offsets),
            Scalar(factors.result_bits - factors.offset_bits),
            Scalar(factors.result_bits),
            ctx.output(),
        ],
    )


def _op(request: Request) -> Normalization:
    assert isinstance(request.op, Normalization)  # noqa: S101 - the registry guarantees it
    return request.op


def _runs(request: Request) -> list[Run]:
    """Return the runs in order, the first one kept."""
    runs = _op(request).runs(request.signature)
    starts_kept = not runs or not runs[0].normalized
    return runs if starts_kept else [Run((), 1, normalized=False, varies=False), *runs]


def _walk(runs: list[Run]) -> Struct:
    """Return ``edgec_axes_t``: the extents of five runs, and the steps of gain and offset."""
    extents = [run.extent for run in runs] + [1] * (6 - len(runs))
    steps = [
        prod(later.extent for later in runs[i + 1 :] if later.varies) if run.varies else 0
        for i, run in enumerate(runs)
    ]
    steps += [0] * (6 - len(runs))
    fields = {f"extent[{i}]": Scalar(extent) for i, extent in enumerate(extents)}
    fields |= {f"stride[{i}]": Scalar(step) for i, step in enumerate(steps)}
    return Struct("edgec_axes_t", fields)
