"""Reciprocal, of 0 too: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.reciprocal import Reciprocal

CASES = rescaling_cases("reciprocal", Reciprocal(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
