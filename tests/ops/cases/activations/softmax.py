"""Softmax: short and long rows, many rows, scales from nearly uniform to one-hot, beta."""

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.activations.softmax import Softmax

OUTPUT = QParams.per_tensor(1 / 256, -128)
WIDE_OUTPUT = QParams.per_tensor(1 / 65536, -(2**15))


def softmax_case(
    name: str,
    shape: tuple[int, ...],
    scale: float,
    zero_point: int = 3,
    beta: float = 1.0,
    *,
    widens: bool = False,
    oracle: bool = True,
) -> Case:
    kind = int8(shape, scale, zero_point)
    op, output = Softmax(beta=beta, widens=widens), WIDE_OUTPUT if widens else OUTPUT
    return op_case(f"softmax_{name}", op, [kind], [output], samples=8, oracle=oracle)


CASES = [
    *(softmax_case(f"row{n}", (1, n), 0.1) for n in (1, 2, 3, 4, 5, 8, 12, 17, 64, 255)),
    *(softmax_case(f"scale{i}", (4, 10), 0.0003 * 3.7**i) for i in range(9)),
    *(softmax_case(f"rows{n}", (n, 7), 0.07, -20) for n in (2, 3, 5)),
    softmax_case("image", (1, 3, 5, 6), 0.05),
    softmax_case("vector", (9,), 0.04, -128),
    softmax_case("beta_half", (3, 10), 0.1, beta=0.5),
    softmax_case("beta_three", (3, 10), 0.01, 127, beta=3.0),
    softmax_case("row511", (1, 511), 0.01),
    *(softmax_case(f"to_int16_row{n}", (1, n), 0.07, widens=True) for n in (1, 2, 3, 10, 17, 255)),
    *(softmax_case(f"to_int16_scale{i}", (4, 10), 0.003 * 3.7**i, widens=True) for i in range(6)),
    softmax_case("to_int16_beta", (2, 3, 5), 0.1, beta=0.5, widens=True),
    # TFLite shifts a flat row of 512 and more by more than 31 bits and returns 127 for 1/512.
    softmax_case("row1000", (1, 1000), 0.001, oracle=False),
]
