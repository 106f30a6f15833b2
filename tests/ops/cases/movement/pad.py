"""Pad: each axis, one side and both, values other than zero, extreme zero points."""

import math

from ops.case import Case, int8, op_case

from edgec.ops.movement.pad import Pad

Pairs = tuple[tuple[int, int], ...]


def pad_case(
    name: str, shape: tuple[int, ...], paddings: Pairs, value: float = 0.0, zero_point: int = -3
) -> Case:
    kind = int8(shape, 0.1, zero_point)
    op = Pad(paddings=paddings, value=value)
    return op_case(f"pad_{name}", op, [kind], [kind.qparams])


IMAGE = ((0, 0), (1, 2), (2, 1), (0, 0))

CASES = [
    *(pad_case(f"c{c}", (1, 3, 5, c), IMAGE) for c in (1, 2, 3, 8, 17)),
    *(
        pad_case(
            f"axis{axis}", (2, 3, 4, 5), tuple((2, 1) if i == axis else (0, 0) for i in range(4))
        )
        for axis in range(4)
    ),
    pad_case("all_axes", (2, 3, 4, 5), ((1, 0), (0, 2), (3, 1), (1, 1))),
    pad_case("none", (2, 3), ((0, 0), (0, 0))),
    pad_case("vector", (5,), ((3, 4),)),
    pad_case("rank3", (2, 3, 4), ((1, 1), (0, 0), (2, 0))),
    pad_case("value", (1, 3, 5, 2), IMAGE, 1.27),
    pad_case("value_saturates", (1, 3, 5, 2), IMAGE, -1e9),
    pad_case("value_infinite", (1, 3, 5, 2), IMAGE, -math.inf),
    pad_case("zero_point_low", (1, 3, 5, 2), IMAGE, zero_point=-128),
    pad_case("zero_point_high", (1, 3, 5, 2), IMAGE, zero_point=127),
    pad_case("rank5", (1, 2, 3, 2, 3), ((0, 0), (1, 0), (0, 0), (0, 2), (1, 1))),
]
