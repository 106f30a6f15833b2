"""Hard swish: all inputs; scale ratios within the 15 bits that TFLite's shifts are defined for."""

from ops.unary import rescaling_cases

from edgec.ops.activations.hard_swish import HardSwish

CASES = rescaling_cases("hard_swish", HardSwish(), [(0.05, -120), (0.031, 17), (0.3, 0)], 1)
