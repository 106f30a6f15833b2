"""Cosine: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.cos import Cos

CASES = rescaling_cases("cos", Cos(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
