"""Products of two matrices: both ways round, broadcast batches, constants, saturation."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.batch_matmul import BatchMatMul

Shape = tuple[int, ...]


def matmul_case(
    name: str,
    a: Shape,
    b: Shape,
    *,
    adj: tuple[bool, bool] = (False, False),
    zero_points: tuple[int, int, int] = (3, -7, 5),
    scales: tuple[float, float, float] = (0.05, 0.03, 0.9),
    constant: int | None = None,
) -> Case:
    rng = np.random.default_rng(len(name))
    kinds = [int8(shape, scales[i], zero_points[i]) for i, shape in enumerate((a, b))]
    operands = [
        Constant(rng.integers(-128, 128, kind.shape).astype(np.int8), kind.qparams)
        if index == constant
        else kind
        for index, kind in enumerate(kinds)
    ]
    result = QParams.per_tensor(scales[2], zero_points[2])
    op = BatchMatMul(adj_x=adj[0], adj_y=adj[1])
    return op_case(f"batch_matmul_{name}", op, operands, [result])


CASES = [
    *(
        matmul_case(f"m{m}_k{k}_n{n}", (m, k), (k, n))
        for m, k, n in product((1, 3), (1, 4, 17), (1, 2, 9))
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
    matmul_case("broadcast_b", (3, 4, 5), (5, 2)),
    matmul_case("broadcast_a", (4, 5), (3, 5, 2)),
    matmul_case("broadcast_both", (2, 1, 4, 5), (1, 3, 5, 2)),
    matmul_case("rank5", (2, 2, 1, 3, 4), (1, 2, 2, 4, 3)),
    matmul_case("constant_a", (6, 5), (1, 5, 4), constant=0),
    matmul_case("constant_b", (2, 3, 5), (2, 5, 4), constant=1),
    matmul_case("zero_points_low", (3, 9), (9, 4), zero_points=(-128, -128, -128)),
    matmul_case("zero_points_high", (3, 9), (9, 4), zero_points=(127, 127, 127)),
    matmul_case("saturates", (3, 9), (9, 4), scales=(0.05, 0.03, 0.001)),
    matmul_case("vanishes", (3, 9), (9, 4), scales=(1e-4, 1e-4, 100.0)),
    matmul_case("float32_product", (3, 64), (64, 4), scales=(0.1, 0.3, 0.3)),
]
