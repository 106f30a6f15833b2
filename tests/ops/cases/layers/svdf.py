"""SVDF: ranks, batches, a memory of one, with and without bias.

The state is an input and an output here; tests/differential/test_svdf.py runs sequences against the
interpreter with the state in its variable.
"""

import numpy as np
from ops.case import Case, Constant, Operand, int8, int16, op_case

from edgec.ir import DType, QParams, TensorType
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
    state: TensorType | None = None,
) -> Case:
    """Return a layer whose state and time weights are int16, or as ``state`` says but its shape."""
    rng = np.random.default_rng(units + memory)
    filters = units * rank
    features = rng.integers(-127, 128, (filters, depth)).astype(np.int8)
    kept = (state or int16((), 1 / 2000)).with_shape((batch, filters * memory))
    wide = kept.dtype is DType.INT16
    time = rng.integers(-3000, 3001, (filters, memory)).astype(np.int16)
    offsets = rng.integers(-20_000_000, 20_000_001, units).astype(np.int32)
    if not wide:
        time = rng.integers(-127, 128, (filters, memory)).astype(np.int8)
        offsets = (offsets // 4096).astype(np.int32)
    inputs: list[Operand] = [
        int8((batch, depth), 0.02, 5),
        Constant(features, Q(0.01)),
        Constant(time, Q(1 / 3000 if wide else 1 / 127)),
        kept,
    ]
    inputs += (
        [Constant(offsets, Q(1 / 6_000_000 if wide else kept.quantization.scale / 127))]
        if bias
        else []
    )
    return op_case(name, Svdf(rank=rank), inputs, [Q(0.05, -9), kept.qparams], oracle=wide)


def small_state(zero_point: int = -50) -> TensorType:
    return int8((), 0.02, zero_point)


INT16_STATES = [
    svdf_case("svdf"),
    svdf_case("svdf_without_bias", bias=False),
    svdf_case("svdf_of_a_batch", batch=3, rank=1),
    svdf_case("svdf_without_a_past", memory=1),
    svdf_case("svdf_of_rank_4", rank=4, units=2, depth=17, memory=8),
]

# TFLite's interpreter takes an int8 state for int16, and reads beyond it: tests/differential/
# test_svdf.py has another judge.
INT8_STATES = [
    svdf_case("svdf_int8_state", state=small_state()),
    svdf_case("svdf_int8_state_without_bias", bias=False, state=small_state(13)),
    svdf_case("svdf_int8_state_of_a_batch", batch=3, rank=1, state=small_state(-128)),
    svdf_case("svdf_int8_state_without_a_past", memory=1, state=small_state(127)),
    svdf_case(
        "svdf_int8_state_of_rank_4", rank=4, units=2, depth=17, memory=8, state=small_state(0)
    ),
    svdf_case("svdf_int8_state_saturates", depth=40, state=int8((), 3e-3, 5)),
]
CASES = [*INT16_STATES, *INT8_STATES]
