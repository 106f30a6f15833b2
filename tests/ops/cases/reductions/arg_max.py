"""Arg max and arg min: every axis, ties (the extreme samples are all equal), int32 and int64."""

from ops.case import Case, int8, op_case

from edgec.ir import DType
from edgec.ops.reductions.arg_max import ArgMax


def arg_max_case(name: str, shape: tuple[int, ...], op: ArgMax, zero_point: int = -3) -> Case:
    """Return a case; TFLite has none for the last of equal elements."""
    kind = int8(shape, 0.1, zero_point)
    return op_case(f"arg_max_{name}", op, [kind], samples=8, oracle=not op.last)


CASES = [
    *(arg_max_case(f"axis{axis}", (2, 3, 4, 5), ArgMax(axis=axis)) for axis in range(4)),
    *(
        arg_max_case(f"smallest{axis}", (2, 3, 4, 5), ArgMax(axis=axis, smallest=True))
        for axis in range(4)
    ),
    arg_max_case("classes", (1, 10), ArgMax(axis=1)),
    arg_max_case("classes_int64", (1, 10), ArgMax(axis=1, dtype=DType.INT64)),
    arg_max_case("pixels_int64", (1, 5, 7, 3), ArgMax(axis=3, dtype=DType.INT64), 127),
    arg_max_case("long_row", (1, 700), ArgMax(axis=1), -128),
    arg_max_case("vector", (9,), ArgMax(axis=0)),
    arg_max_case("last", (3, 400), ArgMax(axis=1, last=True)),
    arg_max_case("last_smallest", (400, 3), ArgMax(axis=0, last=True, smallest=True)),
]
