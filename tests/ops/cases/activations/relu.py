"""Rectifiers: all inputs, with and without a change of scale."""

from ops.unary import rescaling_cases, unary_case

from edgec.ops.activations.relu import Relu
from edgec.ops.operator import Activation

TARGETS = [(0.05, 0), (0.0235, -128), (0.031, 17)]
ACTIVATIONS = (Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)

CASES = [
    *(
        case
        for activation in ACTIVATIONS
        for case in rescaling_cases(activation.value.lower(), Relu(activation=activation), TARGETS)
    ),
    *(unary_case(f"relu_n{n}", Relu(), (0.05, 7), TARGETS[0], n) for n in (1, 2, 3, 4, 5, 17)),
]
