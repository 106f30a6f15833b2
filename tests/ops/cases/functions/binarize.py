"""Threshold: all inputs, several thresholds."""

from ops.unary import rescaling_cases

from edgec.ops.functions.binarize import Binarize

TARGETS = [(1 / 255, -128), (0.0235, -100), (0.31, 17)]
OPS = {"zero": Binarize(), "one": Binarize(threshold=1.0), "below": Binarize(threshold=-0.5)}

CASES = [
    case for name, op in OPS.items() for case in rescaling_cases(f"binarize_{name}", op, TARGETS)
]
