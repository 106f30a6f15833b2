"""Swish: all inputs, several slopes."""

from ops.unary import rescaling_cases

from edgec.ops.activations.swish import Swish

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"one": Swish(), "half": Swish(alpha=0.5), "minus": Swish(alpha=-1.702)}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"swish_{name}", op, TARGETS)]
