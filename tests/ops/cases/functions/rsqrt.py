"""Inverse square root: every positive number, which is all that TFLite's kernel takes."""

from ops.case import Case
from ops.unary import unary_case

from edgec.ops.functions.rsqrt import Rsqrt

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17), (0.004, -128)]
SCALES = [0.05, 0.0237, 0.4, 0.0011, 3.7]

CASES: list[Case] = [
    unary_case(f"rsqrt_{i}_{j}", Rsqrt(), (scale, -128), target)
    for i, scale in enumerate(SCALES)
    for j, target in enumerate(TARGETS)
]
