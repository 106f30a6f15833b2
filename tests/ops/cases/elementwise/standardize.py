"""Standardization: one feature and many, rows, ranges of all sizes."""

import numpy as np
from ops.case import Case, Constant, Operand, op_case

from edgec.ir import TensorType
from edgec.ops.elementwise.standardize import Standardize


def features_case(shape: tuple[int, ...], seed: int) -> Case:
    rng = np.random.default_rng(seed)
    offset = (rng.standard_normal(shape[-1]) * 10.0 ** rng.integers(-3, 4, shape[-1])).astype("f")
    gain = (10.0 ** rng.uniform(-4, 3, shape[-1])).astype(np.float32)
    name = "x".join(map(str, shape))
    operands: list[Operand] = [TensorType(shape), Constant(offset), Constant(gain)]
    return op_case(f"standardize_{name}", Standardize(), operands)


SHAPES = [(1, 1), (1, 4), (3, 17), (2, 3, 5), (9,)]
CASES = [features_case(shape, seed) for seed, shape in enumerate(SHAPES)]
