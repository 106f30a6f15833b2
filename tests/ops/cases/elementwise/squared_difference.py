"""Squared difference: broadcasting, constant operands, extreme scales and zero points."""

from ops.elementwise import elementwise_cases

from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.operator import Activation


def _make(_: Activation) -> SquaredDifference:
    return SquaredDifference()


CASES = elementwise_cases("squared_difference", _make, (0.05, 3), (0.083, -11), (1.1, -128))
