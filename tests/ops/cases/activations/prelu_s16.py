"""Prelu of int16: slopes per channel, per row, computed ones; scales, saturation."""

import numpy as np
from ops.case import Case, Constant, int16, op_case

from edgec.ir import QParams
from edgec.ops.activations.prelu import Prelu

Shape = tuple[int, ...]


def prelu_case(
    name: str,
    x: Shape,
    slope: Shape,
    scales: tuple[float, float, float] = (2e-4, 3e-5, 1.7e-4),
    *,
    constant: bool = True,
) -> Case:
    """Return a case; ``scales`` are those of x, of the slopes and of the result."""
    data = np.random.default_rng(len(name)).integers(-(2**15), 2**15, slope).astype(np.int16)
    fixed = Constant(data, QParams.per_tensor(scales[1]))
    operands = [int16(x, scales[0]), fixed if constant else int16(slope, scales[1])]
    return op_case(f"prelu_s16_{name}", Prelu(), operands, [QParams.per_tensor(scales[2])])


CASES = [
    prelu_case("per_channel", (1, 5, 6, 17), (17,)),
    prelu_case("one_slope", (1, 5, 6, 3), (1,)),
    prelu_case("per_row", (1, 5, 6, 3), (5, 1, 1)),
    prelu_case("computed", (2, 40), (40,), constant=False),
    prelu_case("same_scale", (7, 40), (40,), (2e-4, 3e-5, 2e-4)),
    prelu_case("saturates", (7, 40), (40,), (2e-4, 3e-5, 1e-5)),
    prelu_case("vanishes", (7, 40), (40,), (2e-4, 3e-5, 1.0)),
]
