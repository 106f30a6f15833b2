"""Ceiling: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.ceil import Ceil

CASES = rescaling_cases("ceil", Ceil(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
