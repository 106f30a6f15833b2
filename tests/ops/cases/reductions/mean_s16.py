"""Mean and sum of int16: runs of axes, equal and different scales, saturation."""

from itertools import combinations

from ops.case import Case, int16, op_case

from edgec.ir import QParams
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.sum import Sum


def mean_case(
    name: str,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    scales: tuple[float, float] = (2e-4, 1.3e-4),
    *,
    keep: bool = False,
) -> Case:
    op = Mean(axes=axes, keep_dims=keep)
    result = QParams.per_tensor(scales[1])
    return op_case(f"mean_s16_{name}", op, [int16(shape, scales[0])], [result], samples=6)


def sum_case(name: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> Case:
    op = Sum(axes=axes)
    return op_case(f"sum_s16_{name}", op, [int16(shape, 2e-4)], [QParams.per_tensor(9e-4)])


AXES = [axes for count in (1, 2, 3) for axes in combinations(range(4), count)]
CASES = [
    *(mean_case(f"axes{''.join(map(str, axes))}", (2, 5, 3, 7), axes) for axes in AXES),
    *(mean_case(f"hw_{c}", (1, 7, 6, c), (1, 2), keep=True) for c in (1, 5, 16)),
    mean_case("same_scale", (1, 5, 5, 9), (1, 2), (2e-4, 2e-4)),
    mean_case("of_one_element", (1, 1, 1, 9), (1, 2), keep=True),
    mean_case("vector", (17,), (0,)),
    mean_case("two_runs_before_many", (2, 3, 4, 3, 9), (1, 3)),
    mean_case("large_and_deep", (1, 181, 181, 5), (1, 2)),
    mean_case("largest", (1, 255, 257, 1), (1, 2)),
    mean_case("large", (1, 181, 181, 2), (1, 2)),
    mean_case("saturates", (1, 3, 3, 5), (1, 2), (2e-4, 1e-6)),
    mean_case("scales_far_down", (1, 3, 3, 5), (1, 2), (2e-4, 1.0)),
    sum_case("hw", (1, 7, 6, 5), (1, 2)),
    sum_case("rows", (4, 33), (1,)),
]
