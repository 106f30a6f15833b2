"""Sign: all inputs, many scales."""

from ops.unary import rescaling_cases

from edgec.ops.functions.sign import Sign

CASES = rescaling_cases("sign", Sign(), [(0.05, 0), (0.0235, -100), (0.31, 17)])
