"""Extremum: both directions, broadcasting, constant operands."""

import numpy as np
from ops.case import Case, Constant, int8, op_case
from ops.elementwise import BROADCASTS, Shape

from edgec.ir import QParams
from edgec.ops.elementwise.extremum import Extremum

SCALE = QParams.per_tensor(0.05, 3)


def extremum_case(
    name: str, a: Shape, b: Shape, *, largest: bool, constant: int | None = None
) -> Case:
    rng = np.random.default_rng(len(name))
    operands = [
        Constant(rng.integers(-128, 128, shape).astype(np.int8), SCALE)
        if index == constant
        else int8(shape, 0.05, 3)
        for index, shape in enumerate((a, b))
    ]
    return op_case(f"extremum_{name}", Extremum(largest=largest), operands, [SCALE])


CASES = [
    *(
        extremum_case(f"{'max' if largest else 'min'}{i}", *shapes, largest=largest)
        for i, shapes in enumerate(BROADCASTS)
        for largest in (False, True)
    ),
    extremum_case("constant0", *BROADCASTS[0], largest=True, constant=0),
    extremum_case("constant1", *BROADCASTS[1], largest=False, constant=1),
]
