"""What quantized models leave in float at their end: softmax, log softmax, logistic, tanh."""

from ops.case import Case, op_case

from edgec.ir import Op, TensorType
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh


def float_case(name: str, op: Op, *shape: int) -> Case:
    return op_case(f"{op.name}_f32_{name}", op, [TensorType(shape)], close=True)


CASES = [
    *(
        float_case(f"row{size}", op, 1, size)
        for op in (Softmax(), LogSoftmax())
        for size in (1, 2, 3, 10, 17, 300)
    ),
    *(float_case("rows", op, 2, 3, 5) for op in (Softmax(), LogSoftmax(), Logistic(), Tanh())),
    float_case("beta", Softmax(beta=0.3), 2, 12),
    *(float_case(f"size{size}", op, 1, size) for op in (Logistic(), Tanh()) for size in (1, 8, 33)),
]
