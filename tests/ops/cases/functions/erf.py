"""Error function: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.erf import Erf

CASES = rescaling_cases("erf", Erf(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
