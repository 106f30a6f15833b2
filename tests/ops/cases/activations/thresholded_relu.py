"""Thresholded rectifier: all inputs, several thresholds."""

from ops.unary import rescaling_cases

from edgec.ops.activations.thresholded_relu import ThresholdedRelu

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"one": ThresholdedRelu(), "below": ThresholdedRelu(alpha=-0.5)}

CASES = [
    case
    for name, op in OPS.items()
    for case in rescaling_cases(f"thresholded_relu_{name}", op, TARGETS)
]
