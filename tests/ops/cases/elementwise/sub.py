"""Sub: broadcasting, constant operands, extreme scales and zero points, activations."""

from ops.elementwise import elementwise_cases, odd_scale_cases

from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation


def _sub(activation: Activation) -> Sub:
    return Sub(activation=activation)


CASES = [
    *elementwise_cases("sub", _sub, (0.05, 3), (0.083, -11), (0.11, 7)),
    *odd_scale_cases("sub", _sub),
]
