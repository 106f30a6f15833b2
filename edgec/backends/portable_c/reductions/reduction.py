"""Reductions as the kernels walk them: kept and reduced axes in turn, neighbors merged."""

from itertools import groupby
from math import prod

from edgec.backends.request import Request
from edgec.ops.reductions.reduction import Reduction

_KEPT = False
_ONE_RUN, _TWO_RUNS = 3, 5  # kept, reduced, kept (, reduced, kept)


def two_runs_of_axes(request: Request) -> bool:
    """The reduced axes form at most two runs of neighbors (axes of extent 1 do not count)."""
    return len(_runs(request)) <= _TWO_RUNS


def sum_fits(request: Request) -> bool:
    """At most 2**23 elements make one value, so that their sum fits int32."""
    return _op(request).count(request.signature) <= 1 << 23


def int16_sum_fits(request: Request) -> bool:
    """Fewer than 2**16 elements make one value, so that their sum fits int32."""
    return _op(request).count(request.signature) < 1 << 16


def five_extents(request: Request) -> list[int]:
    """Return the extents of kept, reduced, kept, reduced and kept axes.

    One run alone is the second: kernels step fastest through neighbors on the last kept axes.
    """
    extents = _runs(request)
    if len(extents) > _ONE_RUN:
        return extents + [1] * (_TWO_RUNS - len(extents))
    outer, *reduced = extents + [1] * (_ONE_RUN - len(extents))
    return [outer, 1, 1, *reduced]


def _op(request: Request) -> Reduction:
    assert isinstance(request.op, Reduction)  # noqa: S101 - the registry guarantees it
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
