"""Hard sigmoid: all inputs, slopes of ONNX and PyTorch."""

from ops.unary import rescaling_cases

from edgec.ops.activations.hard_sigmoid import HardSigmoid

TARGETS = [(0.05, 0), (0.0235, -100), (0.31, 17)]
OPS = {"onnx": HardSigmoid(), "pytorch": HardSigmoid(alpha=1 / 6, beta=0.5)}

CASES = [
    case
    for name, op in OPS.items()
    for case in rescaling_cases(f"hard_sigmoid_{name}", op, TARGETS)
]
