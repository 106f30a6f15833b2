"""Dequantize: int8 to float32, all values, extreme scales and zero points."""

from ops.case import Case, int8, op_case

from edgec.ops.conversion.dequantize import Dequantize


def dequantize_case(name: str, shape: tuple[int, ...], scale: float, zero_point: int) -> Case:
    return op_case(f"dequantize_{name}", Dequantize(), [int8(shape, scale, zero_point)])


CASES = [
    *(dequantize_case(f"n{n}", (1, n), 0.0371, -5) for n in (1, 3, 16, 17)),
    *(dequantize_case(f"scale{i}", (1, 3, 5, 17), 3e-5 * 9.7**i, 17 * i - 60) for i in range(7)),
    dequantize_case("low", (2, 65), 0.1, -128),
    dequantize_case("high", (2, 65), 0.1, 127),
]
