"""Transposed convolution of int16: 32- and 64-bit sums, long sums, strides and crops."""

import numpy as np
from ops.case import Case, Constant, Operand, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.operator import Activation

Pair = tuple[int, int]
INPUT_SCALE = 2e-4


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
    bias: type[np.int32] | type[np.int64] | None = np.int64,
    output_scale: float = 4e-4,
) -> Case:
    """Return a transposed convolution with random weights; ``size`` defaults to all that is hit."""
    rng = np.random.default_rng(sum(map(ord, name)))
    (_, h, w, channels), (kh, kw), (sh, sw) = shape, kernel, strides
    weights = rng.integers(-127, 128, (outputs, kh, kw, channels)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.004, outputs)
    operands: list[Operand] = [
        int16(shape, INPUT_SCALE),
        Constant(weights, QParams.per_channel(scales, 0)),
    ]
    if bias is not None:
        values = rng.integers(-(2**24), 2**24, outputs).astype(bias)
        operands.append(Constant(values, QParams.per_channel(scales * INPUT_SCALE, 0)))
    hit = ((h - 1) * sh + kh - 2 * crop[0], (w - 1) * sw + kw - 2 * crop[1])
    op = TransposeConv2D(
        strides=strides, crop=crop, size=hit if size is None else size, activation=activation
    )
    result = QParams.per_tensor(output_scale)
    return op_case(f"transpose_conv2d_s16_{name}", op, operands, [result])


CASES = [
    *(transpose_conv_case(f"c{c}_o{o}", (1, 3, 4, c), o) for c, o in ((1, 1), (4, 3), (17, 6))),
    *(transpose_conv_case(f"s{s}", (1, 4, 5, 3), 4, (3, 4), (s, s)) for s in (1, 2, 3, 5)),
    transpose_conv_case("long_sums", (1, 2, 3, 150), 3, (4, 4)),
    transpose_conv_case("pytorch_k3_s2", (1, 4, 5, 3), 4, crop=(1, 1), size=(8, 10)),
    transpose_conv_case("crop_uneven", (1, 4, 5, 3), 4, (5, 4), crop=(3, 1), size=(7, 9)),
    transpose_conv_case("enlarged", (1, 4, 5, 3), 4, (2, 2), size=(10, 13)),
    transpose_conv_case("row", (1, 1, 9, 4), 5, (1, 4), (1, 2)),
    transpose_conv_case("batch", (2, 3, 4, 3), 4),
    transpose_conv_case("no_bias", (1, 4, 5, 3), 4, bias=None),
    transpose_conv_case("int32_bias", (1, 4, 5, 3), 4, bias=np.int32),
    transpose_conv_case("relu", (1, 4, 4, 3), 4, activation=Activation.RELU),
    transpose_conv_case("saturates", (1, 4, 4, 3), 4, output_scale=1e-5),
]
