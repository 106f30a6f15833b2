"""Logistic: all inputs at many scales; the output scale is prescribed."""

from ops.unary import fixed_output_cases

from edgec.ops.activations.logistic import Logistic

CASES = fixed_output_cases("logistic", Logistic(), (1 / 256, -128))
