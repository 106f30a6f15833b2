"""Logarithm, of negative numbers too: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.log import Log

CASES = rescaling_cases("log", Log(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
