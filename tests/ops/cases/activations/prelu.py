"""Prelu: slopes per channel, per element and one for all, computed ones, scales."""

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams
from edgec.ops.activations.prelu import Prelu

Affine = tuple[float, int]


def prelu_case(
    name: str,
    x: tuple[int, ...],
    slope: tuple[int, ...],
    *,
    source: Affine = (0.05, 3),
    slopes: Affine = (0.007, 11),
    result: Affine = (0.043, -20),
    constant: bool = True,
) -> Case:
    data = np.random.default_rng(len(name)).integers(-128, 128, slope).astype(np.int8)
    fixed = Constant(data, QParams.per_tensor(*slopes))
    operand = fixed if constant else int8(slope, *slopes)
    kinds = [int8(x, *source), operand]
    return op_case(f"prelu_{name}", Prelu(), kinds, [QParams.per_tensor(*result)])


CASES = [
    prelu_case("per_channel", (1, 5, 6, 17), (17,)),
    prelu_case("per_channel_4d", (2, 5, 6, 3), (1, 1, 1, 3)),
    prelu_case("one_slope", (1, 5, 6, 3), (1,)),
    prelu_case("per_element", (1, 5, 6, 3), (5, 6, 3)),
    prelu_case("per_row", (1, 5, 6, 3), (5, 1, 1)),
    prelu_case("rows", (4, 33), (33,)),
    prelu_case("computed", (2, 40), (40,), constant=False),
    prelu_case("zero_points_low", (7, 40), (40,), source=(0.1, -128), result=(0.1, -128)),
    prelu_case("zero_points_high", (7, 40), (40,), source=(0.1, 127), slopes=(0.1, 127)),
    prelu_case("same_scale", (7, 40), (40,), result=(0.05, 3)),
    prelu_case("saturates", (7, 40), (40,), result=(0.001, 0)),
    prelu_case("vanishes", (7, 40), (40,), result=(50.0, 0)),
]
