"""Mean: every set of axes, kept and dropped, equal and different scales, saturation."""

from itertools import combinations

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.reductions.mean import Mean


def mean_case(
    name: str,
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    *,
    keep: bool = False,
    source: tuple[float, int] = (0.05, -5),
    result: tuple[float, int] = (0.03, 7),
) -> Case:
    op = Mean(axes=axes, keep_dims=keep)
    return op_case(
        f"mean_{name}", op, [int8(shape, *source)], [QParams.per_tensor(*result)], samples=6
    )


AXES = [axes for count in (1, 2, 3, 4) for axes in combinations(range(4), count)]
CASES = [
    *(mean_case(f"axes{''.join(map(str, axes))}", (2, 5, 3, 7), axes) for axes in AXES),
    *(
        mean_case(f"hw_{c}_keep{keep:d}", (1, 7, 6, c), (1, 2), keep=keep)
        for c in (1, 5, 16, 17)
        for keep in (False, True)
    ),
    mean_case("same_scale", (1, 5, 5, 9), (1, 2), result=(0.05, -5)),
    mean_case("same_scale_keep", (1, 5, 5, 9), (1, 2), keep=True, result=(0.05, -5)),
    mean_case("power_of_two", (1, 8, 8, 9), (1, 2), result=(0.05, -5)),
    mean_case("of_one_element", (1, 1, 1, 9), (1, 2), keep=True),
    mean_case("vector", (17,), (0,)),
    mean_case("rows", (4, 33), (1,)),
    mean_case("time", (1, 30, 6), (1,), keep=True),
    mean_case("two_runs_of_five", (2, 3, 4, 3, 2), (1, 3)),
    mean_case("neighbors_of_five", (2, 3, 4, 3, 2), (2, 3, 4)),
    mean_case("two_runs_before_many", (2, 3, 4, 3, 9), (1, 3)),
    mean_case("two_runs_to_the_end", (2, 3, 9, 5), (1, 3)),
    mean_case("large", (1, 33, 31, 3), (1, 2)),
    mean_case("large_and_deep", (2, 33, 31, 11), (1, 2)),
    mean_case("zero_points_low", (1, 4, 5, 3), (1, 2), source=(0.1, -128), result=(0.03, -128)),
    mean_case("zero_points_high", (1, 4, 5, 3), (1, 2), source=(0.1, 127), result=(0.03, 127)),
    mean_case("saturates", (1, 3, 3, 5), (1, 2), result=(0.001, 0)),
    mean_case("scales_far_up", (1, 3, 3, 5), (1, 2), source=(10.0, 3), result=(0.00001, 0)),
    mean_case("scales_far_down", (1, 3, 3, 5), (1, 2), result=(5000.0, 0)),
    mean_case("scales_to_nothing", (1, 3, 3, 5), (1, 2), source=(1e-9, 3), result=(100.0, 4)),
]
