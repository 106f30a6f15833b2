"""Gelu: all inputs, both forms."""

from ops.unary import rescaling_cases

from edgec.ops.activations.gelu import Gelu

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"exact": Gelu(), "tanh": Gelu(approximate=True)}

CASES = [case for name, op in OPS.items() for case in rescaling_cases(f"gelu_{name}", op, TARGETS)]
