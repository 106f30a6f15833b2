"""Rounding, ties included: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.round import Round

CASES = rescaling_cases("round", Round(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
