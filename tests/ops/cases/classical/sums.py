"""Linear and Gaussian sums, and scores of isolation forests."""

import numpy as np
from ops.case import Case, Constant, Operand, op_case
from ops.cases.classical.support_vectors import FRACTION, features

from edgec.ir import GraphBuilder, TensorType
from edgec.ops.classical.anomaly_score import AnomalyScore
from edgec.ops.classical.float_matrix import FloatMatrix
from edgec.ops.classical.gaussian_sums import GaussianSums


def matrix_case(rows: int, size: int, outputs: int, shift: int) -> Case:
    rng = np.random.default_rng(size)
    most = 2**30 // size
    weights = Constant(rng.integers(-most, most, (outputs, size)).astype(np.int32))
    offsets = Constant(rng.normal(size=outputs).astype(np.float32))
    operands: list[Operand] = [TensorType((rows, size)), weights, offsets]
    name = f"float_matrix_{rows}x{size}x{outputs}"
    return op_case(name, FloatMatrix(shift=shift), operands, samples=6, oracle=False)


def gaussian_case(rows: int, size: int, classes: int) -> Case:
    name = f"gaussian_sums_{rows}x{size}x{classes}"
    rng = np.random.default_rng(size)
    g = GraphBuilder(name)
    x = features(g, (rows, size), 4)
    values = (
        g.constant("centers", rng.integers(-(2**14), 2**14, (classes, size)).astype(np.int32)),
        g.constant("weights", rng.integers(0, 2**31, (classes, size)).astype(np.int32)),
        g.constant("offsets", rng.integers(-(2**40), 2**40, classes)),
    )
    op = GaussianSums(unit=-2 * FRACTION, weight_unit=-30, sum_unit=-38)
    return Case(name, g.build(g.add(op, [x, *values], name="node")), 6, oracle=False)


# TFLite has none of these
CASES = [
    matrix_case(1, 1, 1, -29),
    matrix_case(3, 13, 4, -33),
    gaussian_case(1, 3, 2),
    gaussian_case(2, 5, 4),
    op_case(
        "anomaly_score",
        AnomalyScore(rate=1_500_000_000, rate_unit=-36, offset=900_000_000),
        [TensorType((5, 3))],
        samples=6,
        oracle=False,
    ),
]
