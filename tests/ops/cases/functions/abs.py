"""Absolute value, equal and different scales: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.abs import Abs

CASES = rescaling_cases("abs", Abs(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
