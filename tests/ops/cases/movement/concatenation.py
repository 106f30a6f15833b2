"""Concatenation: every axis, one to sixteen inputs, constants among them."""

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams
from edgec.ops.movement.concatenation import Concatenation

SCALE = QParams.per_tensor(0.1, -3)


def concatenation_case(
    name: str, axis: int, *shapes: tuple[int, ...], constant: int | None = None
) -> Case:
    rng = np.random.default_rng(len(name))
    operands = [
        Constant(rng.integers(-128, 128, shape).astype(np.int8), SCALE)
        if index == constant
        else int8(shape, 0.1, -3)
        for index, shape in enumerate(shapes)
    ]
    return op_case(f"concatenation_{name}", Concatenation(axis=axis), operands, [SCALE])


CASES = [
    *(
        concatenation_case(
            f"axis{axis}",
            axis,
            *(tuple(n if i == axis else 3 for i in range(4)) for n in (1, 2, 5)),
        )
        for axis in range(4)
    ),
    *(
        concatenation_case(f"c{a}_{b}", 3, (1, 3, 5, a), (1, 3, 5, b))
        for a, b in ((1, 17), (16, 3))
    ),
    *(
        concatenation_case(f"inputs{n}", 1, *((2, i % 4 + 1, 3) for i in range(n)))
        for n in (1, 2, 15, 16)
    ),
    concatenation_case("vectors", 0, (7,), (4,)),
    concatenation_case("constant_last", 1, (2, 7), (2, 4), constant=1),
    concatenation_case("constant_first", 2, (2, 3, 1), (2, 3, 4), constant=0),
]
