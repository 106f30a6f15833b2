"""SVDF: ranks, batches, a memory of one, with and without bias.

The state is an input and an output here; tests/differential/test_svdf.py runs sequences against the
interpreter with the state in its variable.
"""

import numpy as np
from ops.case import Case, Constant, Operand, int8, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.svdf import Svdf

Q = QParams.per_tensor


def svdf_case(
    name: str,
    *,
    batch: int = 1,
    depth: int = 6,
    units: int = 3,
    rank: int = 2,
    memory: int = 5,
    bias: bool = True,
) -> Case:
    rng = np.random.default_rng(units + memory)
    filters = units * rank
    features = rng.integers(-127, 128, (filters, depth)).astype(np.int8)
    time = rng.integers(-3000, 3001, (filters, memory)).astype(np.int16)
    offsets = rng.integers(-20_000_000, 20_000_001, units).astype(np.int32)
    state = int16((batch, filters * memory), 1 / 2000)
    inputs: list[Operand] = [
        int8((batch, depth), 0.02, 5),
        Constant(features, Q(0.01)),
        Constant(time, Q(1 / 3000)),
        state,
    ]
    inputs += [Constant(offsets, Q(1 / 6_000_000))] if bias else []
    return op_case(name, Svdf(rank=rank), inputs, [Q(0.05, -9), state.qparams])


CASES = [
    svdf_case("svdf"),
    svdf_case("svdf_without_bias", bias=False),
    svdf_case("svdf_of_a_batch", batch=3, rank=1),
    svdf_case("svdf_without_a_past", memory=1),
    svdf_case("svdf_of_rank_4", rank=4, units=2, depth=17, memory=8),
]
