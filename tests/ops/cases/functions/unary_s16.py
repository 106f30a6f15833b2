"""Functions of one int16: every input, powers of two and other scales."""

from itertools import product

from ops.case import Case, int16, op_case

from edgec.ir import Op, QParams
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.leaky_relu import LeakyRelu
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.operator import Activation

FRACTION = 2.0**-15
SIGMOID_SCALES = (1e-7, 1e-4, 2.0**-13, 2.0**-12, 2.0**-11, 3e-4, 1e-3, 0.02, 1.3)
RECTIFIERS: dict[str, Op] = {
    "relu": Relu(),
    "relu6": Relu(activation=Activation.RELU6),
    "relu_n1_to_1": Relu(activation=Activation.RELU_N1_TO_1),
    "leaky": LeakyRelu(alpha=0.1),
    "steep": LeakyRelu(alpha=1.7),
    "falling": LeakyRelu(alpha=-0.3),
    "clip": Clip(low=-0.7, high=1.3),
    "clip_below": Clip(high=0.5),
    "clip_outside": Clip(low=-1e6, high=1e6),
}


def unary_case(name: str, op: Op, source: float, target: float, count: int = 3000) -> Case:
    kind = int16((1, count), source)
    return op_case(f"{name}_s16", op, [kind], [QParams.per_tensor(target)], samples=2)


CASES = [
    *(
        unary_case(f"{op.name}_scale{i}", op, scale, FRACTION)
        for op, (i, scale) in product((Logistic(), Tanh()), enumerate(SIGMOID_SCALES))
    ),
    *(
        unary_case(f"{name}_{i}", op, *scales, 500)
        for name, op in RECTIFIERS.items()
        for i, scales in enumerate(((2e-4, 2e-4), (2e-4, 1.3e-4), (2e-4, 3e-3)))
    ),
]
