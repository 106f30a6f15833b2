"""Hyperbolic tangent: all inputs at many scales; the output scale is prescribed."""

from ops.unary import fixed_output_cases

from edgec.ops.activations.tanh import Tanh

CASES = fixed_output_cases("tanh", Tanh(), (1 / 128, 0))
