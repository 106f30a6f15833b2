"""Leaky rectifier: all inputs, slopes from negative to above one."""

from ops.unary import rescaling_cases

from edgec.ops.activations.leaky_relu import LeakyRelu

TARGETS = [(0.05, 0), (0.0235, -100), (0.031, 17)]
SLOPES = {"01": 0.1, "001": 0.01, "zero": 0.0, "steep": 1.7, "falling": -0.3}

CASES = [
    case
    for name, alpha in SLOPES.items()
    for case in rescaling_cases(f"leaky_relu_{name}", LeakyRelu(alpha=alpha), TARGETS)
]
