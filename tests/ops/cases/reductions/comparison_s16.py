"""Comparisons of int16: the larger of two, the largest of many, and where it is."""

from ops.case import Case, int16, op_case
from ops.elementwise import BROADCASTS

from edgec.ir import DType, Op, QParams
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.reductions.arg_max import ArgMax
from edgec.ops.reductions.reduce_extremum import ReduceExtremum

SCALE = 2e-4
IMAGE = (2, 5, 3, 7)


def comparison_case(name: str, op: Op, *shapes: tuple[int, ...], oracle: bool = True) -> Case:
    results = [] if isinstance(op, ArgMax) else [QParams.per_tensor(SCALE)]
    kinds = [int16(shape, SCALE) for shape in shapes]
    return op_case(f"{op.name}_s16_{name}", op, kinds, results, samples=6, oracle=oracle)


CASES = [
    *(
        comparison_case(f"{i}_{largest:d}", Extremum(largest=largest), *shapes)
        for i, shapes in enumerate(BROADCASTS)
        for largest in (False, True)
    ),
    *(
        comparison_case(f"{i}_{largest:d}", ReduceExtremum(axes=axes, largest=largest), IMAGE)
        for i, axes in enumerate([(0,), (3,), (1, 2), (0, 2), (1, 3), (0, 1, 2, 3)])
        for largest in (False, True)
    ),
    *(comparison_case(f"axis{axis}", ArgMax(axis=axis), IMAGE) for axis in range(4)),
    comparison_case("smallest", ArgMax(axis=1, smallest=True), IMAGE),
    comparison_case("int64", ArgMax(axis=1, dtype=DType.INT64), (3, 40)),
    comparison_case("last", ArgMax(axis=1, last=True), (3, 400), oracle=False),  # not in TFLite
]
