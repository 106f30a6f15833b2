"""Mul: broadcasting, constant operands, extreme scales and zero points, activations."""

from ops.elementwise import elementwise_cases

from edgec.ops.elementwise.mul import Mul

CASES = elementwise_cases(
    "mul", lambda activation: Mul(activation=activation), (0.05, 3), (0.083, -11), (0.31, 7)
)
