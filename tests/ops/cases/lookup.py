"""Lookup: random tables, tensors of one element and of many."""

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams
from edgec.ops.lookup import Lookup

RESULT = QParams.per_tensor(0.1, 7)


def lookup_case(number: int, shape: tuple[int, ...]) -> Case:
    table = np.random.default_rng(number).integers(-128, 128, 256).astype(np.int8)
    operands = [int8(shape, 0.05, -3), Constant(table, RESULT)]
    return op_case(f"lookup_{number}", Lookup(), operands, [RESULT])


CASES = [lookup_case(number, shape) for number, shape in enumerate([(1,), (1, 700), (2, 3, 5, 7)])]
