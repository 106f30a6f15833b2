"""Quantize: floats to int8, and int8 to int8 of another scale; ties, saturation, extreme scales."""

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams, TensorType
from edgec.ops.conversion.quantize import Quantize


def float_case(name: str, shape: tuple[int, ...], scale: float, zero_point: int) -> Case:
    output = QParams.per_tensor(scale, zero_point)
    return op_case(f"quantize_{name}", Quantize(), [TensorType(shape)], [output])


def requantize_case(name: str, source: tuple[float, int], target: tuple[float, int]) -> Case:
    kind = int8((1, 7, 5, 3), *source)
    return op_case(
        f"requantize_{name}", Quantize(), [kind], [QParams.per_tensor(*target)], samples=5
    )


CASES = [
    *(float_case(f"n{n}", (1, n), 0.05, 3) for n in (1, 3, 16, 17)),
    *(float_case(f"scale{i}", (2, 3, 4, 5), 0.003 * 4.1**i, -7 * i) for i in range(6)),
    op_case(
        "quantize_ties",
        Quantize(),
        [Constant((np.arange(-300, 301) / 2).astype(np.float32))],
        [QParams.per_tensor(1.0, 7)],
    ),
    float_case("low", (1, 64), 0.02, -128),
    float_case("high", (1, 64), 0.02, 127),
    requantize_case("same", (0.1, 5), (0.1, 5)),
    requantize_case("shifted", (0.1, 5), (0.1, -9)),
    requantize_case("half", (0.1, 5), (0.2, -9)),
    requantize_case("twice", (0.2, 5), (0.1, 17)),
    requantize_case("thousandth", (0.001, -128), (1.0, 1)),
    requantize_case("thousandfold", (1.0, 127), (0.001, 1)),
    *(
        requantize_case(f"odd{i}", (0.0123 * 1.7**i, i), (0.0171 * 1.3**i, 3 - 2 * i))
        for i in range(8)
    ),
]
