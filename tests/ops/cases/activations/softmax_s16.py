"""Softmax of int16: short and long rows, scales from nearly uniform to one-hot, beta."""

import numpy as np
from ops.case import Case, Constant, int16, op_case

from edgec.ir import QParams
from edgec.ops.activations.softmax import Softmax

OUTPUT = QParams.per_tensor(2.0**-15)


def softmax_case(name: str, shape: tuple[int, ...], scale: float, beta: float = 1.0) -> Case:
    op = Softmax(beta=beta)
    return op_case(f"softmax_s16_{name}", op, [int16(shape, scale)], [OUTPUT], samples=8)


CASES = [
    *(softmax_case(f"row{n}", (1, n), 4e-4) for n in (1, 2, 3, 4, 5, 8, 12, 17, 64, 255, 1000)),
    *(softmax_case(f"scale{i}", (4, 10), 1e-7 * 5.3**i) for i in range(10)),
    softmax_case("image", (1, 3, 5, 6), 2e-4),
    softmax_case("vector", (9,), 3e-4),
    softmax_case("beta_half", (3, 10), 4e-4, beta=0.5),
    softmax_case("beta_three", (3, 10), 1e-4, beta=3.0),
    # Sums of 2**18 - 1 exponentials and about: the reciprocal's argument saturates.
    op_case(
        "softmax_s16_nearly_uniform",
        Softmax(),
        [
            Constant(
                np.array([[0] * 8 + [-k] for k in range(20000, 28000, 40)], np.int16),
                QParams.per_tensor(10 / 65535 * 2),
            )
        ],
        [OUTPUT],
        samples=0,
    ),
]
