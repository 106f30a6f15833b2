"""Normalization over channels, images and groups; constant rows, extreme gains and offsets."""

from typing import TypedDict, Unpack

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.normalization import Normalization

Shape = tuple[int, ...]
Affine = tuple[float, int]


class Options(TypedDict, total=False):
    """What a case may have else than usual."""

    source: Affine
    result: Affine
    epsilon: float
    spread: float


def normalization_case(
    name: str,
    shape: Shape,
    axes: tuple[int, ...],
    parameters: tuple[Shape, Shape],
    *,
    source: Affine = (0.05, 3),
    result: Affine = (0.03, -7),
    epsilon: float = 1e-5,
    spread: float = 1.0,
) -> Case:
    rng = np.random.default_rng(len(name))
    gain, offset = (
        Constant((rng.standard_normal(each) * spread).astype(np.float32)) for each in parameters
    )
    op = Normalization(axes=axes, epsilon=epsilon)
    operands: list[Operand] = [int8(shape, *source), gain, offset]
    results = [QParams.per_tensor(*result)]
    return op_case(f"normalization_{name}", op, operands, results, samples=6)


def layer(name: str, rows: int, size: int, **options: Unpack[Options]) -> Case:
    parameters = (1, size), (1, size)
    return normalization_case(name, (rows, size), (1,), parameters, **options)


CASES = [
    *(layer(f"rows_of_{n}", 3, n) for n in (1, 2, 3, 7, 16, 64, 100, 513)),
    layer("long_row", 1, 5000),
    layer("zero_points", 4, 33, source=(0.05, -128), result=(0.03, 127)),
    layer("large_epsilon", 4, 33, epsilon=0.5),
    layer("no_epsilon", 4, 33, epsilon=0.0),
    layer("tiny_scale", 4, 33, source=(1e-6, 0)),
    layer("large_scale", 4, 33, source=(1000.0, 0)),
    layer("saturates", 4, 33, result=(0.0005, 0)),
    layer("vanishes", 4, 33, result=(50.0, 3)),
    layer("large_gains", 4, 33, spread=1e6),
    layer("tiny_gains", 4, 33, spread=1e-9),
    normalization_case("sequence", (2, 9, 24), (2,), ((1, 1, 24), (1, 1, 24))),
    normalization_case("no_offset", (2, 9, 24), (2,), ((1, 1, 24), (1, 1, 1))),
    normalization_case("image", (2, 5, 4, 6), (1, 2), ((1, 1, 1, 6), (1, 1, 1, 6))),
    normalization_case("channels_first", (2, 6, 5, 4), (2, 3), ((1, 6, 1, 1), (1, 6, 1, 1))),
    normalization_case("all", (1, 5, 4, 6), (1, 2, 3), ((1, 5, 4, 6), (1, 1, 1, 6))),
    normalization_case("groups", (2, 7, 5, 2, 3), (1, 2, 4), ((1, 1, 1, 2, 3), (1, 1, 1, 2, 3))),
    normalization_case("mixed_run", (1, 4, 5, 6), (3,), ((1, 1, 5, 1), (1, 4, 1, 6))),
]
