"""Negation: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.neg import Neg

CASES = rescaling_cases("neg", Neg(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
