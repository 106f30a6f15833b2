"""Arithmetic of int32: every calculation over the whole range, broadcasting, edges of division."""

import numpy as np
from ops.case import Case, Constant, op_case
from ops.elementwise import BROADCASTS
from ops.numbers import number

from edgec.ops.numbers.arithmetic import Arithmetic, Calculation

DIVISIONS = {
    Calculation.DIV,
    Calculation.FLOOR_DIV,
    Calculation.FLOOR_MOD,
    Calculation.REMAINDER,
}
WITHOUT_TFLITE = {Calculation.AND, Calculation.OR, Calculation.REMAINDER}
SMALL = np.array([1, 2, 3, -3, 7, -1000, 5, 2147483647], np.int32)
EDGES = np.array([0, -1, 1, -(2**31), 2**31 - 1, 33, -2, 31], np.int32)


def agrees(calculation: Calculation) -> bool:
    """Tell whether the interpreter has it."""
    return calculation not in WITHOUT_TFLITE


CASES: list[Case] = [
    *(
        op_case(
            f"arithmetic_{each}_numbers",
            Arithmetic(calculation=each),
            [number((5, 8)), number((5, 8))],
            [None],
            oracle=agrees(each) and each is not Calculation.SHIFT_RIGHT and each not in DIVISIONS,
        )
        for each in Calculation
    ),
    *(
        op_case(
            f"arithmetic_{each}_small",
            Arithmetic(calculation=each),
            [number((5, 8)), Constant(SMALL)],
            [None],
            oracle=agrees(each),
        )
        for each in Calculation
    ),
    *(
        op_case(
            f"arithmetic_{each}_edges",
            Arithmetic(calculation=each),
            [number((5, 8)), Constant(EDGES)],
            [None],
            oracle=False,  # the interpreter refuses a divisor of 0, and INT32_MIN / -1 ends it
        )
        for each in (*sorted(DIVISIONS, key=str), Calculation.SHIFT_RIGHT)
    ),
    *(
        op_case(
            f"arithmetic_broadcast{i}",
            Arithmetic(calculation=Calculation.SUB),
            [number(a), number(b)],
            [None],
        )
        for i, (a, b) in enumerate(BROADCASTS)
    ),
]
