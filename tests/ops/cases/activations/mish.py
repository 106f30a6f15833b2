"""Mish: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.activations.mish import Mish

CASES = rescaling_cases("mish", Mish(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
