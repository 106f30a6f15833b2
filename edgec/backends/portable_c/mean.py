"""Mean in plain C, over one or two runs of neighboring axes."""

from itertools import groupby
from math import prod

from edgec.backends.base import LoweringContext, Request, kernel
from edgec.backends.constraints import int8_data
from edgec.backends.portable_c import structs
from edgec.lir import Call, Scalar
from edgec.ops.mean import Mean

_KEPT = False


def two_runs_of_axes(request: Request) -> bool:
    """The averaged axes form at most two runs of neighbors (axes of extent 1 do not count)."""
    return len(_runs(request)) <= 5  # noqa: PLR2004 - kept, reduced, kept, reduced, kept


def sum_fits(request: Request) -> bool:
    """At most 2**23 elements make one mean, so that their sum fits int32."""
    return _op(request).count(request.signature) <= 1 << 23


@kernel("portable_c", Mean, requires=(int8_data, two_runs_of_axes, sum_fits))
def mean_s8(ctx: LoweringContext) -> Call:
    op, x, y = _op(ctx.request), ctx.signature.inputs[0], ctx.signature.output
    extents = _runs(ctx.request)
    extents += [1] * (5 - len(extents))
    return Call(
        "edgec_mean_s8",
        [
            *(Scalar(extent) for extent in extents),
            ctx.input(0),
            Scalar(-x.quantization.zero_point * op.count(ctx.signature)),
            structs.fixed_point(*op.multiplier(ctx.signature)),
            Scalar(y.quantization.zero_point),
            ctx.output(),
        ],
    )


def _op(request: Request) -> Mean:
    assert isinstance(request.op, Mean)  # noqa: S101 - the registry guarantees it
    return request.op


def _runs(request: Request) -> list[int]:
    """Return extents of kept, reduced, kept ... axes: neighbors merged, the first one kept."""
    shape = enumerate(request.signature.inputs[0].shape)
    axes = [(axis in _op(request).axes, extent) for axis, extent in shape if extent != 1]
    merged = [
        (reduced, prod(extent for _, extent in run))
        for reduced, run in groupby(axes, key=lambda each: each[0])
    ]
    starts_kept = not merged or merged[0][0] is _KEPT
    return [extent for _, extent in ([] if starts_kept else [(_KEPT, 1)]) + merged]
