"""Sum: sets of axes, kept and dropped, scales from saturating to vanishing."""

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.reductions.sum import Sum


def sum_case(
    name: str,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    *,
    keep: bool = False,
    source: tuple[float, int] = (0.05, -5),
    result: tuple[float, int] = (0.3, 7),
) -> Case:
    op = Sum(axes=axes, keep_dims=keep)
    kinds, results = [int8(shape, *source)], [QParams.per_tensor(*result)]
    return op_case(f"sum_{name}", op, kinds, results, samples=6)


CASES = [
    *(sum_case(f"axis{axis}", (2, 5, 3, 7), (axis,)) for axis in range(4)),
    *(sum_case(f"hw_{c}", (1, 7, 6, c), (1, 2), keep=True) for c in (1, 5, 16)),
    sum_case("all", (2, 3, 4), (0, 1, 2)),
    sum_case("two_runs", (2, 3, 4, 3, 2), (1, 3)),
    sum_case("of_one_element", (1, 1, 1, 9), (1, 2), keep=True),
    sum_case("same_scale", (1, 9), (1,), result=(0.05, -5)),
    sum_case("saturates", (1, 3, 3, 5), (1, 2), result=(0.001, 0)),
    sum_case("vanishes", (1, 3, 3, 5), (1, 2), result=(500.0, 9)),
    sum_case("zero_points", (4, 33), (1,), source=(0.01, -128), result=(0.4, 127)),
]
