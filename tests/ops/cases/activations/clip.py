"""Clip: bounds inside, at and outside the range, one-sided, with and without a change of scale."""

import math

from ops.unary import rescaling_cases

from edgec.ops.activations.clip import Clip

TARGETS = [(0.05, 0), (0.05, 7), (0.0235, -100)]
BOUNDS = {
    "inside": (-0.7, 1.3),
    "below": (-math.inf, 0.5),
    "above": (0.25, math.inf),
    "outside": (-1e6, 1e6),
    "tie": (-0.075, 0.125),
}

CASES = [
    case
    for name, (low, high) in BOUNDS.items()
    for case in rescaling_cases(f"clip_{name}", Clip(low=low, high=high), TARGETS)
]
