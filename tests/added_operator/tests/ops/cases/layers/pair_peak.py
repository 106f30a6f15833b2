"""PairPeak: one row and several; the last sums are an input here, no state."""

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.pair_peak import PairPeak

Q = QParams.per_tensor


def peak_case(name: str, batch: int, depth: int, outputs: int) -> Case:
    rng = np.random.default_rng(depth)
    weights = rng.integers(-127, 128, (outputs, depth)).astype(np.int8)
    bias = rng.integers(-5000, 5000, outputs).astype(np.int32)
    made = Q(0.05, -9)
    inputs: list[Operand] = [
        int8((batch, depth), 0.02, 5),
        Constant(weights, Q(0.01)),
        Constant(bias, Q(0.0002)),
        int8((batch, outputs), made.scale, made.zero_point),
    ]
    return op_case(name, PairPeak(), inputs, [made, made], samples=20)


CASES = [peak_case("pair_peak", 1, 7, 5), peak_case("pair_peak_of_a_batch", 3, 16, 2)]
