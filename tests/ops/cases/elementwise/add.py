"""Add: broadcasting, constant operands, extreme scales and zero points, activations."""

from ops.elementwise import elementwise_cases, odd_scale_cases

from edgec.ops.elementwise.add import Add
from edgec.ops.operator import Activation


def _add(activation: Activation) -> Add:
    return Add(activation=activation)


CASES = [
    *elementwise_cases("add", _add, (0.05, 3), (0.083, -11), (0.11, 7)),
    *odd_scale_cases("add", _add),
]
