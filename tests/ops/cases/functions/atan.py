"""Arc tangent: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.atan import Atan

CASES = rescaling_cases("atan", Atan(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
