"""Log softmax: short and long rows, many rows, scales from nearly uniform to one-hot."""

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.activations.log_softmax import LogSoftmax

OUTPUT = QParams.per_tensor(16 / 256, 127)


def log_softmax_case(name: str, shape: tuple[int, ...], scale: float, zero_point: int = 3) -> Case:
    kind = int8(shape, scale, zero_point)
    return op_case(f"log_softmax_{name}", LogSoftmax(), [kind], [OUTPUT], samples=8)


CASES = [
    *(log_softmax_case(f"row{n}", (1, n), 0.1) for n in (1, 2, 3, 4, 5, 8, 12, 17, 64, 255, 2000)),
    *(log_softmax_case(f"scale{i}", (4, 10), 0.0003 * 3.7**i) for i in range(9)),
    *(log_softmax_case(f"size{n}", (3, n), 0.0003) for n in range(20, 60, 3)),
    log_softmax_case("image", (1, 3, 5, 6), 0.05),
    log_softmax_case("vector", (9,), 0.04, -128),
]
