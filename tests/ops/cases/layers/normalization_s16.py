"""Normalization of int16: rows of many lengths, images, extreme gains, offsets and scales."""

from typing import TypedDict, Unpack

import numpy as np
from ops.case import Case, Constant, Operand, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.normalization import Normalization

Shape = tuple[int, ...]


class Options(TypedDict, total=False):
    """What a case may have else than usual."""

    scales: tuple[float, float]
    epsilon: float
    spread: float


def normalization_case(
    name: str,
    shape: Shape,
    axes: tuple[int, ...],
    parameters: Shape,
    *,
    scales: tuple[float, float] = (2e-4, 3e-4),
    epsilon: float = 1e-5,
    spread: float = 1.0,
) -> Case:
    """Return a case; ``scales`` are those of x and of the result."""
    rng = np.random.default_rng(len(name))
    drawn = (rng.standard_normal(parameters) * spread for _ in range(2))
    operands: list[Operand] = [
        int16(shape, scales[0]),
        *(Constant(each.astype(np.float32)) for each in drawn),
    ]
    results = [QParams.per_tensor(scales[1])]
    op = Normalization(axes=axes, epsilon=epsilon)
    return op_case(f"normalization_s16_{name}", op, operands, results, samples=6)


def layer(name: str, rows: int, size: int, **options: Unpack[Options]) -> Case:
    return normalization_case(name, (rows, size), (1,), (1, size), **options)


CASES = [
    *(layer(f"rows_of_{n}", 3, n) for n in (1, 2, 3, 7, 16, 64, 100, 513)),
    layer("long_row", 1, 5000),
    layer("large_epsilon", 4, 33, epsilon=0.5),
    layer("no_epsilon", 4, 33, epsilon=0.0),
    layer("tiny_scale", 4, 33, scales=(1e-8, 3e-4)),
    layer("large_scale", 4, 33, scales=(10.0, 3e-4)),
    layer("saturates", 4, 33, scales=(2e-4, 1e-6)),
    layer("vanishes", 4, 33, scales=(2e-4, 1.0)),
    layer("large_gains", 4, 33, spread=1e6),
    layer("tiny_gains", 4, 33, spread=1e-9),
    normalization_case("sequence", (2, 9, 24), (2,), (1, 1, 24)),
    normalization_case("image", (2, 5, 4, 6), (1, 2), (1, 1, 1, 6)),
    normalization_case("large_image", (1, 90, 80, 2), (1, 2), (1, 1, 1, 2)),
    normalization_case("all", (1, 5, 4, 6), (1, 2, 3), (1, 5, 4, 6)),
]
