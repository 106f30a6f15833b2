"""Largest and smallest elements: every set of axes, kept and dropped."""

from itertools import combinations

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.reductions.reduce_extremum import ReduceExtremum

AXES = [axes for count in (1, 2, 3, 4) for axes in combinations(range(4), count)]


def extremum_case(name: str, shape: tuple[int, ...], op: ReduceExtremum) -> Case:
    kind, result = int8(shape, 0.05, -5), QParams.per_tensor(0.05, -5)
    label = "max" if op.largest else "min"
    return op_case(f"reduce_{label}_{name}", op, [kind], [result], samples=6)


CASES = [
    *(
        extremum_case(
            f"axes{''.join(map(str, axes))}",
            (2, 5, 3, 7),
            ReduceExtremum(axes=axes, keep_dims=len(axes) % 2 == 0, largest=largest),
        )
        for axes in AXES
        for largest in (False, True)
    ),
    extremum_case("vector", (17,), ReduceExtremum(axes=(0,))),
    extremum_case("two_runs", (2, 3, 4, 3, 2), ReduceExtremum(axes=(1, 3), largest=False)),
]
