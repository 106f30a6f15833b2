"""Reshape: copies of 1 to a few hundred bytes, up and down in rank."""

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams
from edgec.ops.movement.reshape import Reshape


def reshape_case(name: str, source: tuple[int, ...], target: tuple[int, ...]) -> Case:
    kind = int8(source, 0.1, -3)
    return op_case(f"reshape_{name}", Reshape(shape=target), [kind], [kind.qparams])


CASES = [
    reshape_case("flatten", (1, 3, 5, 7), (1, 105)),
    reshape_case("image", (1, 105), (1, 5, 3, 7)),
    reshape_case("same", (1, 4, 4, 2), (1, 4, 4, 2)),
    reshape_case("one", (1,), (1, 1, 1, 1)),
    reshape_case("vector", (2, 3), (6,)),
    op_case(  # a constant cannot share its buffer: the copy is real
        "reshape_constant",
        Reshape(shape=(3, 7)),
        [Constant(np.arange(-10, 11).astype(np.int8), QParams.per_tensor(0.1))],
        [QParams.per_tensor(0.1)],
    ),
    reshape_case("six_axes", (2, 3, 2, 3, 2, 3), (8, 27)),
]
