"""Floor: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.floor import Floor

CASES = rescaling_cases("floor", Floor(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
