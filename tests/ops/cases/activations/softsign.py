"""Softsign: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.activations.softsign import Softsign

CASES = rescaling_cases("softsign", Softsign(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
