"""LSTM: both orders of axes, batches, every scale of the cell, clipping, states of all kinds.

States are inputs and outputs here; tests/differential/test_lstm.py runs sequences against the
interpreter with states in its variables.
"""

import numpy as np
from ops.case import Case, Constant, Operand, int8, int16, op_case

from edgec.ir import Array, QParams
from edgec.ops.layers.lstm import Lstm

Q = QParams.per_tensor


def lstm_case(
    name: str,
    *,
    batch: int = 1,
    steps: int = 4,
    depth: int = 6,
    units: int = 5,
    time_major: bool = False,
    cell_clip: float = 0.0,
    exponent: int = -11,
    weight: float = 0.01,
    hidden: QParams | None = None,
    stateless: bool = False,
) -> Case:
    rng = np.random.default_rng(units - exponent)
    x = int8((steps, batch, depth) if time_major else (batch, steps, depth), 0.05, 7)
    y = Q(1 / 120, -3)
    scales = [weight * (1 + gate / 7) for gate in range(4)]
    inputs: list[Operand] = [
        x,
        *(Constant(random_int8(rng, (units, depth)), Q(scale)) for scale in scales),
        *(Constant(random_int8(rng, (units, units)), Q(scale * 1.3)) for scale in scales),
        *(
            Constant(rng.integers(-2000, 2000, units).astype(np.int32), Q(scale * 0.05))
            for scale in scales
        ),
    ]
    states = [int8((batch, units), 1 / 120, -3), int16((batch, units), 2.0**exponent)]
    if stateless:
        inputs += [
            Constant(
                np.full(kind.shape, kind.quantization.zero_point, kind.dtype.numpy), kind.qparams
            )
            for kind in states
        ]
    else:
        inputs += states
    op = Lstm(time_major=time_major, cell_clip=cell_clip, hidden=hidden)
    return op_case(name, op, inputs, [y, y, states[1].qparams])


def random_int8(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-127, 128, shape).astype(np.int8)


CASES = [
    lstm_case("lstm_of_states"),
    lstm_case("lstm_time_major", time_major=True, batch=2),
    lstm_case("lstm_of_a_batch", batch=3, units=4),
    lstm_case("lstm_of_one_step", steps=1, depth=1, units=1),
    lstm_case("lstm_without_states", stateless=True, depth=17, units=9),
    lstm_case("lstm_clipped", cell_clip=1.5),
    lstm_case("lstm_of_small_weights", weight=0.0005),
    lstm_case("lstm_of_large_weights", weight=0.2, units=16),
    lstm_case("lstm_with_its_own_result", hidden=Q(0.01, 20)),
    *(lstm_case(f"lstm_cell_2^{exponent}", exponent=exponent) for exponent in range(-15, -8)),
]
