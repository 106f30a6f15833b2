"""Softplus: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.activations.softplus import Softplus

CASES = rescaling_cases("softplus", Softplus(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
