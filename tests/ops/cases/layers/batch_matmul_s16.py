"""Products of two int16 matrices: both ways round, broadcast batches, constants, long sums."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.batch_matmul import BatchMatMul

Shape = tuple[int, ...]


def matmul_case(
    name: str,
    a: Shape,
    b: Shape,
    *,
    adj: tuple[bool, bool] = (False, False),
    scales: tuple[float, float, float] = (2e-4, 3e-4, 3e-3),
    constant: int | None = None,
) -> Case:
    rng = np.random.default_rng(len(name))
    kinds = [int16(shape, scales[i]) for i, shape in enumerate((a, b))]
    operands = [
        Constant(rng.integers(-(2**15), 2**15, kind.shape).astype(np.int16), kind.qparams)
        if index == constant
        else kind
        for index, kind in enumerate(kinds)
    ]
    op = BatchMatMul(adj_x=adj[0], adj_y=adj[1])
    return op_case(f"batch_matmul_s16_{name}", op, operands, [QParams.per_tensor(scales[2])])


CASES = [
    *(
        matmul_case(f"m{m}_k{k}_n{n}", (m, k), (k, n))
        for m, k, n in product((1, 3), (1, 4, 17), (1, 4))
    ),
    *(
        matmul_case(
            f"adj{x:d}{y:d}",
            (2, 5, 3) if x else (2, 3, 5),
            (2, 4, 5) if y else (2, 5, 4),
            adj=(x, y),
        )
        for x, y in product((False, True), repeat=2)
    ),
    matmul_case("heads", (1, 2, 6, 4), (1, 2, 4, 6)),
    matmul_case("broadcast", (2, 1, 4, 5), (1, 3, 5, 2)),
    matmul_case("constant_a", (6, 5), (1, 5, 4), constant=0),
    matmul_case("constant_b", (2, 3, 5), (2, 5, 4), constant=1),
    matmul_case("long_sums", (2, 700), (700, 3)),
    matmul_case("saturates", (3, 9), (9, 4), scales=(2e-4, 3e-4, 1e-5)),
    matmul_case("vanishes", (3, 9), (9, 4), scales=(1e-6, 1e-6, 1.0)),
    matmul_case("large_factor", (3, 9), (9, 4), scales=(2e-3, 3e-3, 1e-7)),
]
