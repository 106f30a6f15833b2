"""Square root, of negative numbers too: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.sqrt import Sqrt

CASES = rescaling_cases("sqrt", Sqrt(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
