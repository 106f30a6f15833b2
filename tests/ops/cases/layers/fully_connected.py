"""Fully connected: 1 to 65 inputs and outputs, batches, kept axes, saturation."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.operator import Activation


def fully_connected_case(
    name: str,
    shape: tuple[int, ...],
    outputs: int,
    *,
    depth: int = 0,
    keep: bool = False,
    activation: Activation = Activation.NONE,
    bias: bool = True,
    zero_points: tuple[int, int] = (-5, 7),
    scales: tuple[float, float, float] = (0.05, 0.007, 0.3),
) -> Case:
    """Return a fully connected layer; ``scales`` are those of input, weights and output."""
    rng = np.random.default_rng(sum(map(ord, name)))
    depth = depth or shape[-1]
    weights = rng.integers(-127, 128, (outputs, depth)).astype(np.int8)
    operands: list[Operand] = [
        int8(shape, scales[0], zero_points[0]),
        Constant(weights, QParams.per_tensor(scales[1])),
    ]
    if bias:
        values = rng.integers(-(2**13), 2**13, outputs).astype(np.int32)
        operands.append(Constant(values, QParams.per_tensor(scales[0] * scales[1])))
    op = FullyConnected(activation=activation, keep_num_dims=keep)
    result = QParams.per_tensor(scales[2], zero_points[1])
    return op_case(f"fully_connected_{name}", op, operands, [result])


def per_channel_case(
    name: str,
    shape: tuple[int, ...],
    outputs: int,
    *,
    depth: int = 0,
    keep: bool = False,
    activation: Activation = Activation.NONE,
    bias: bool = True,
    zero_points: tuple[int, int] = (-5, 7),
    scales: tuple[float, float, float] = (0.05, 0.007, 0.3),
) -> Case:
    """Return a layer with a scale per output, up to ``scales[1]``; one output's weights are 0."""
    rng = np.random.default_rng(sum(map(ord, name)))
    depth = depth or shape[-1]
    weights = rng.integers(-127, 128, (outputs, depth)).astype(np.int8)
    weights[-1] = 0
    each = scales[1] * rng.uniform(0.05, 1.0, outputs)
    operands: list[Operand] = [
        int8(shape, scales[0], zero_points[0]),
        Constant(weights, QParams.per_channel(each, 0)),
    ]
    if bias:
        values = rng.integers(-(2**13), 2**13, outputs).astype(np.int32)
        operands.append(Constant(values, QParams.per_channel(scales[0] * each, 0)))
    op = FullyConnected(activation=activation, keep_num_dims=keep)
    result = QParams.per_tensor(scales[2], zero_points[1])
    return op_case(f"fully_connected_per_channel_{name}", op, operands, [result])


def computed_weights_case(name: str, rows: int) -> Case:
    """Return a product of two inputs, as attention has it, with a bias."""
    values = np.arange(-3000, 3000, 1000).astype(np.int32)
    operands: list[Operand] = [
        int8((rows, 11), 0.05, -5),
        int8((6, 11), 0.007),
        Constant(values, QParams.per_tensor(0.05 * 0.007)),
    ]
    result = QParams.per_tensor(0.3, 7)
    return op_case(f"fully_connected_{name}", FullyConnected(), operands, [result])


CASES = [
    *(
        fully_connected_case(f"i{i}_o{o}", (1, i), o)
        for i, o in product((1, 3, 4, 16, 17, 65), (1, 2, 3, 4, 7, 17))
    ),
    fully_connected_case("batch5", (5, 9), 6),
    fully_connected_case("batch2_no_bias", (2, 16), 5, bias=False),
    fully_connected_case("flattens", (1, 3, 4, 2), 5, depth=24),
    fully_connected_case("splits_rows", (2, 6), 5, depth=4),
    fully_connected_case("keeps_axes", (1, 3, 4, 5), 6, keep=True),
    fully_connected_case("no_bias", (1, 20), 10, bias=False),
    fully_connected_case("relu", (1, 12), 9, activation=Activation.RELU, zero_points=(3, -128)),
    fully_connected_case(
        "relu6",
        (1, 12),
        9,
        activation=Activation.RELU6,
        zero_points=(3, -128),
        scales=(0.05, 0.007, 0.03),
    ),
    fully_connected_case(
        "relu_n1_to_1", (1, 12), 9, activation=Activation.RELU_N1_TO_1, zero_points=(0, 0)
    ),
    fully_connected_case("zero_point_low", (1, 40), 8, zero_points=(-128, -128)),
    fully_connected_case("zero_point_high", (1, 40), 8, zero_points=(127, 127)),
    fully_connected_case("saturates", (1, 40), 8, scales=(0.05, 0.007, 0.001)),
    fully_connected_case("scales_up", (1, 6), 8, scales=(0.5, 0.5, 0.01)),
    fully_connected_case("tiny_factor", (1, 6), 8, scales=(1e-4, 1e-4, 100.0)),
    fully_connected_case("float32_product", (1, 64), 16, scales=(0.1, 0.3, 0.3)),
    *(computed_weights_case(f"computed_weights_{rows}", rows) for rows in (1, 3)),
    *(
        per_channel_case(f"i{i}_o{o}", (1, i), o)
        for i, o in product((1, 3, 4, 16, 17, 65), (2, 3, 4, 7, 17))
    ),
    *(per_channel_case(f"rows{rows}", (rows, 19), 6) for rows in (2, 3, 4, 5, 8)),
    *(per_channel_case(f"rows4_i{i}_o{o}", (4, i), o) for i, o in product((1, 16, 17), (2, 5))),
    per_channel_case("rows2_no_bias", (2, 16), 5, bias=False),
    per_channel_case("flattens", (1, 3, 4, 2), 5, depth=24),
    per_channel_case("splits_rows", (2, 6), 5, depth=4),
    per_channel_case("keeps_3_axes", (2, 3, 5), 6, keep=True),
    per_channel_case("keeps_4_axes", (1, 3, 4, 5), 6, keep=True),
    per_channel_case("no_bias", (1, 20), 10, bias=False),
    per_channel_case("relu", (1, 12), 9, activation=Activation.RELU, zero_points=(3, -128)),
    per_channel_case("relu6", (1, 12), 9, activation=Activation.RELU6, scales=(0.05, 0.007, 0.03)),
    per_channel_case("relu_n1_to_1", (1, 12), 9, activation=Activation.RELU_N1_TO_1),
    per_channel_case("zero_point_low", (1, 40), 8, zero_points=(-128, -128)),
    per_channel_case("zero_point_high", (1, 40), 8, zero_points=(127, 127)),
    per_channel_case("saturates", (1, 40), 8, scales=(0.05, 0.007, 0.001)),
    per_channel_case("scales_up", (1, 6), 8, scales=(0.5, 0.5, 0.01)),
    per_channel_case("tiny_factor", (1, 6), 8, scales=(1e-4, 1e-4, 100.0)),
    per_channel_case("double_product", (1, 64), 16, scales=(0.1, 0.3, 0.3)),
]
