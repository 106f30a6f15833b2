"""Lookup: random tables, tensors of one element and of many."""

import numpy as np
from ops.case import Case, Constant, Operand, int8, int16, op_case

from edgec.ir import QParams
from edgec.ops.functions.lookup import Lookup

RESULT = QParams.per_tensor(0.1, 7)


def lookup_case(number: int, shape: tuple[int, ...]) -> Case:
    table = np.random.default_rng(number).integers(-128, 128, 256).astype(np.int8)
    operands: list[Operand] = [int8(shape, 0.05, -3), Constant(table, RESULT)]
    return op_case(f"lookup_{number}", Lookup(), operands, [RESULT])


def samples_case(number: int, shape: tuple[int, ...]) -> Case:
    table = np.random.default_rng(number).integers(-(2**15), 2**15, 513).astype(np.int16)
    operands: list[Operand] = [int16(shape, 3e-4), Constant(table, QParams.per_tensor(2e-4))]
    return op_case(f"lookup_s16_{number}", Lookup(), operands, [QParams.per_tensor(2e-4)])


SHAPES = [(1,), (1, 700), (2, 3, 5, 7)]
CASES = [
    make(number, shape)
    for make in (lookup_case, samples_case)
    for number, shape in enumerate(SHAPES)
]
