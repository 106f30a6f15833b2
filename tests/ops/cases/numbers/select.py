"""Select: every element type, broadcasting of the condition and of both operands."""

import numpy as np
from ops.case import Case, Constant, int8, int16, op_case
from ops.numbers import boolean, number

from edgec.ir import QParams
from edgec.ops.numbers.select import Select

SHAPE = (2, 3, 4)
SCALE = QParams.per_tensor(0.05, 3)
BROADCAST = [
    ((2, 3, 4), (2, 3, 4), ()),
    ((2, 3, 4), (), (2, 3, 4)),
    ((4,), (2, 3, 4), (2, 3, 4)),
    ((2, 1, 1), (2, 3, 4), (2, 3, 4)),
    ((2, 3, 4), (3, 1), (2, 1, 4)),
    ((2, 3, 4), (), ()),
    ((), (2, 3, 4), (4,)),
]

CASES: list[Case] = [
    op_case("select_int8", Select(), [boolean(SHAPE), *[int8(SHAPE, 0.05, 3)] * 2], [SCALE]),
    op_case(
        "select_int16",
        Select(),
        [boolean(SHAPE), *[int16(SHAPE, 0.05)] * 2],
        [QParams.per_tensor(0.05)],
    ),
    op_case("select_int32", Select(), [boolean(SHAPE), *[number(SHAPE)] * 2], [None]),
    op_case("select_bool", Select(), [boolean(SHAPE), *[boolean(SHAPE)] * 2], [None]),
    *(
        op_case(
            f"select_broadcast{i}",
            Select(),
            [boolean(c), int8(a, 0.05, 3), int8(b, 0.05, 3)],
            [SCALE],
        )
        for i, (c, a, b) in enumerate(BROADCAST)
    ),
    *(
        op_case(f"select_numbers{i}", Select(), [boolean(c), number(a), number(b)], [None])
        for i, (c, a, b) in enumerate(BROADCAST)
    ),
    op_case(
        "select_constants",
        Select(),
        [
            boolean(SHAPE),
            Constant(np.array(23, np.int8), SCALE),
            Constant(np.array(-128, np.int8), SCALE),
        ],
        [SCALE],
    ),
    op_case(
        "select_constant_condition",
        Select(),
        [Constant(np.array([True, False, False, True])), *[int8(SHAPE, 0.05, 3)] * 2],
        [SCALE],
    ),
]
