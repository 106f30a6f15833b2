"""Transposed convolution: strides, crops, enlarged outputs, saturation."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.operator import Activation

Pair = tuple[int, int]


def transpose_conv_case(
    name: str,
    shape: tuple[int, ...],
    outputs: int,
    kernel: Pair = (3, 3),
    strides: Pair = (2, 2),
    *,
    crop: Pair = (0, 0),
    size: Pair | None = None,
    activation: Activation = Activation.NONE,
    bias: bool = True,
    per_channel: bool = True,
    zero_points: Pair = (-5, 7),
    output_scale: float = 0.9,
) -> Case:
    """Return a transposed convolution with random weights; ``size`` defaults to all that is hit."""
    rng = np.random.default_rng(sum(map(ord, name)))
    (_, h, w, channels), (kh, kw), (sh, sw) = shape, kernel, strides
    weights = rng.integers(-127, 128, (outputs, kh, kw, channels)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.02, outputs if per_channel else 1)
    quantizations = [
        QParams.per_channel(each, 0) if per_channel else QParams.per_tensor(each[0])
        for each in (scales, scales * 0.05)
    ]
    operands: list[Operand] = [
        int8(shape, 0.05, zero_points[0]),
        Constant(weights, quantizations[0]),
    ]
    if bias:
        values = rng.integers(-(2**13), 2**13, outputs).astype(np.int32)
        operands.append(Constant(values, quantizations[1]))
    hit = ((h - 1) * sh + kh - 2 * crop[0], (w - 1) * sw + kw - 2 * crop[1])
    op = TransposeConv2D(
        strides=strides, crop=crop, size=hit if size is None else size, activation=activation
    )
    result = QParams.per_tensor(output_scale, zero_points[1])
    return op_case(f"transpose_conv2d_{name}", op, operands, [result])


CASES = [
    *(
        transpose_conv_case(f"k{kh}x{kw}_s{s}", (1, 4, 5, 3), 4, (kh, kw), (s, s))
        for (kh, kw), s in product(((1, 1), (2, 2), (3, 2), (4, 4)), (1, 2, 3))
    ),
    *(
        transpose_conv_case(f"c{cin}_o{cout}", (1, 3, 3, cin), cout)
        for cin, cout in product((1, 5, 17), (1, 4, 9))
    ),
    transpose_conv_case("same_k4_s2", (1, 4, 5, 3), 4, (4, 4), crop=(1, 1)),
    transpose_conv_case("same_k3_s1", (1, 4, 5, 3), 4, strides=(1, 1), crop=(1, 1)),
    transpose_conv_case("pytorch_k3_s2", (1, 4, 5, 3), 4, crop=(1, 1), size=(8, 10)),
    transpose_conv_case("crop_uneven", (1, 4, 5, 3), 4, (5, 4), crop=(3, 1), size=(7, 9)),
    transpose_conv_case("enlarged", (1, 4, 5, 3), 4, (2, 2), size=(10, 13)),
    transpose_conv_case("cut_short", (1, 4, 5, 3), 4, (3, 3), size=(6, 7)),
    transpose_conv_case("smaller_than_kernel", (1, 2, 2, 3), 4, (5, 5), crop=(2, 3), size=(2, 2)),
    transpose_conv_case("gaps", (1, 3, 3, 2), 2, (2, 2), (4, 3)),
    transpose_conv_case("row", (1, 1, 9, 4), 5, (1, 4), (1, 2)),
    transpose_conv_case("uneven_strides", (1, 4, 5, 3), 4, strides=(1, 3)),
    transpose_conv_case("batch", (2, 3, 4, 3), 4),
    transpose_conv_case("no_bias", (1, 4, 5, 3), 4, bias=False),
    transpose_conv_case("per_tensor", (1, 4, 5, 3), 4, per_channel=False),
    transpose_conv_case("zero_point_low", (1, 4, 4, 3), 4, zero_points=(-128, -128)),
    transpose_conv_case("zero_point_high", (1, 4, 4, 3), 4, zero_points=(127, 127)),
    transpose_conv_case("saturates", (1, 4, 4, 3), 4, output_scale=0.001),
    transpose_conv_case("relu", (1, 4, 4, 3), 4, activation=Activation.RELU, zero_points=(3, -20)),
    transpose_conv_case(
        "relu6",
        (1, 4, 4, 3),
        4,
        activation=Activation.RELU6,
        zero_points=(3, -128),
        output_scale=0.1,
    ),
]
