"""Selu: all inputs, standard and other constants."""

from ops.unary import rescaling_cases

from edgec.ops.activations.selu import Selu

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"standard": Selu(), "other": Selu(alpha=0.5, gamma=2.0)}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"selu_{name}", op, TARGETS)]
