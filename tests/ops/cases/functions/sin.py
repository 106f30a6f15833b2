"""Sine: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.sin import Sin

CASES = rescaling_cases("sin", Sin(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
