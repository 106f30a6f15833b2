"""Add: broadcasting, constant operands, extreme scales and zero points, activations."""

from ops.elementwise import elementwise_cases

from edgec.ops.elementwise.add import Add

CASES = elementwise_cases(
    "add", lambda activation: Add(activation=activation), (0.05, 3), (0.083, -11), (0.11, 7)
)
