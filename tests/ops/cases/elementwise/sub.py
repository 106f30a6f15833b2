"""Sub: broadcasting, constant operands, extreme scales and zero points, activations."""

from ops.elementwise import elementwise_cases

from edgec.ops.elementwise.sub import Sub

CASES = elementwise_cases(
    "sub", lambda activation: Sub(activation=activation), (0.05, 3), (0.083, -11), (0.11, 7)
)
