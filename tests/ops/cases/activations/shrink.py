"""Shrink: soft and hard."""

from ops.unary import rescaling_cases

from edgec.ops.activations.shrink import Shrink

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"soft": Shrink(bias=0.5, lambd=0.5), "hard": Shrink(bias=0.0, lambd=1.0)}

CASES = [
    case for name, op in OPS.items() for case in rescaling_cases(f"shrink_{name}", op, TARGETS)
]
