"""Support vectors of all kernels, behind features in fixed point; projections; many classes."""

import numpy as np
from ops.case import Case

from edgec.ir import Array, GraphBuilder, TensorType, ValueName
from edgec.ops.classical.fixed_features import FixedFeatures
from edgec.ops.classical.fixed_matrix import FixedMatrix
from edgec.ops.classical.support_vectors import Kernel, SupportVectors

BITS = 20
FRACTION = 12


def features(g: GraphBuilder, shape: tuple[int, ...], seed: int) -> ValueName:
    """Add features with factors and offsets of all sizes, in units of 2**-12."""
    rng = np.random.default_rng(seed)
    size = shape[-1]
    tables: tuple[Array, ...] = (
        rng.integers(-(2**31) + 1, 2**31, size).astype(np.int32),
        rng.integers(FRACTION - 33, FRACTION - 30, size).astype(np.int32),
        rng.integers(-(2**40), 2**40, size) * (np.arange(size) == 1),
    )
    x = g.input("x", TensorType(shape))
    values = [g.constant(f"t{i}", each) for i, each in enumerate(tables)]
    return g.add(FixedFeatures(bits=BITS), [x, *values], name="fixed")[0]


def features_case(shape: tuple[int, ...]) -> Case:
    name = f"fixed_features_{'x'.join(map(str, shape))}"
    g = GraphBuilder(name)
    return Case(name, g.build([features(g, shape, 5)]), 6, oracle=False)  # not in TFLite


def matrix_case(rows: int, size: int, outputs: int, shift: int) -> Case:
    name = f"fixed_matrix_{rows}x{size}x{outputs}"
    rng = np.random.default_rng(size)
    g = GraphBuilder(name)
    x = g.input("x", TensorType((rows, size)))
    weights = rng.integers(-(2**30) // size, 2**30 // size, (outputs, size)).astype(np.int32)
    w = g.constant("w", weights)
    b = g.constant("b", rng.integers(-(2**20), 2**20, outputs))
    y = g.add(FixedMatrix(shift=shift, bits=29), [x, w, b], name="node")
    return Case(name, g.build(y), 6, oracle=False)


def machine_case(
    kernel: Kernel,
    shape: tuple[int, ...],
    counts: tuple[int, ...],
    sums: tuple[tuple[int, ...], ...],
) -> Case:
    name = f"support_vectors_{kernel.value.lower()}_{shape[0]}x{len(counts)}"
    rng = np.random.default_rng(len(name))
    g = GraphBuilder(name)
    x = features(g, shape, 3)
    count, pairs = sum(counts), 1 + max(max(each) for each in sums)
    tables: tuple[Array, ...] = (
        rng.integers(-(2**14), 2**14, (count, shape[-1])).astype(np.int32),
        rng.integers(-(2**31) + 1, 2**31, (count, len(sums[0]))).astype(np.int32),
        rng.integers(-(2**40), 2**40, pairs),
    )
    values = [g.constant(f"s{i}", each) for i, each in enumerate(tables)]
    op = SupportVectors(
        kernel=kernel,
        counts=counts,
        sums=sums,
        unit=-2 * FRACTION,
        coefficient_unit=-29,
        sum_unit=-40 if kernel in {Kernel.LINEAR, Kernel.POLY} else -50,
        gamma=(1_717_986_918, -35),
        offset=(1 << 30, -31),
        degree=3,
    )
    return Case(name, g.build(g.add(op, [x, *values], name="node")), 8, oracle=False)


THREE = ((0, 1), (0, 2), (1, 2))
CASES = [
    *(features_case(shape) for shape in [(1, 1), (3, 4)]),
    matrix_case(1, 3, 2, -20),
    matrix_case(2, 17, 5, -30),
    *(machine_case(kernel, (1, 3), (5,), ((0,),)) for kernel in Kernel),
    *(machine_case(kernel, (2, 4), (3, 1, 6), THREE) for kernel in Kernel),
]
