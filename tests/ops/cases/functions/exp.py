"""Exponential function: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.exp import Exp

CASES = rescaling_cases("exp", Exp(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
