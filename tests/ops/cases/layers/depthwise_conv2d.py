"""Depthwise convolution: odd shapes, 1 to 17 channels, multipliers, all paddings and strides."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation


def depthwise_case(
    name: str,
    shape: tuple[int, int, int],
    kernel: tuple[int, int] = (3, 3),
    strides: tuple[int, int] = (1, 1),
    *,
    multiplier: int = 1,
    batch: int = 1,
    pads: Pads | str = "SAME",
    dilations: tuple[int, int] = (1, 1),
    activation: Activation = Activation.NONE,
    bias: bool = True,
    zero_points: tuple[int, int] = (-5, 7),
    output_scale: float = 0.4,
) -> Case:
    """Return a depthwise convolution with random per-channel weights."""
    rng = np.random.default_rng(sum(map(ord, name)))
    height, width, channels = shape
    if isinstance(pads, str):
        same = same_padding((height, width), kernel, strides, dilations)
        pads = same if pads == "SAME" else (0, 0, 0, 0)
    outputs = channels * multiplier
    weights = rng.integers(-127, 128, (1, *kernel, outputs)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.02, outputs)
    operands: list[Operand] = [
        int8((batch, *shape), 0.05, zero_points[0]),
        Constant(weights, QParams.per_channel(scales, 3)),
    ]
    if bias:
        values = rng.integers(-(2**14), 2**14, outputs).astype(np.int32)
        operands.append(Constant(values, QParams.per_channel(scales * 0.05, 0)))
    op = DepthwiseConv2D(window=Window(kernel, strides, dilations, pads), activation=activation)
    result = QParams.per_tensor(output_scale, zero_points[1])
    return op_case(f"depthwise_conv2d_{name}", op, operands, [result])


CASES = [
    *(
        depthwise_case(f"c{c}_m{m}_{pads.lower()}", (5, 6, c), multiplier=m, pads=pads)
        for c, m, pads in product((1, 3, 4, 8, 17), (1, 2, 4), ("SAME", "VALID"))
    ),
    *(
        depthwise_case(f"k{kh}x{kw}_s{s}_{pads.lower()}", (9, 7, 5), (kh, kw), (s, s), pads=pads)
        for (kh, kw), s, pads in product(
            ((1, 1), (1, 3), (5, 2), (3, 3), (4, 4)), (1, 2, 3), ("SAME", "VALID")
        )
    ),
    depthwise_case("many_channels", (4, 5, 125)),
    depthwise_case("two_blocks", (5, 5, 251), (5, 5), (2, 2)),
    depthwise_case("1x1_image", (1, 1, 4)),
    depthwise_case("1x1_image_2x2", (1, 1, 5), (2, 2)),
    depthwise_case("one_row", (1, 9, 6)),
    depthwise_case("one_column", (9, 1, 6)),
    depthwise_case("two_columns", (3, 2, 4)),
    depthwise_case("uneven_strides", (10, 9, 4), strides=(2, 1)),
    depthwise_case("dilated", (9, 9, 4), dilations=(2, 2)),
    depthwise_case("dilated_uneven_m2", (9, 10, 3), multiplier=2, dilations=(2, 3)),
    depthwise_case("dilated_m4_stride", (9, 9, 2), (2, 2), (2, 2), multiplier=4, dilations=(3, 2)),
    depthwise_case("batch3", (4, 5, 6), batch=3),
    depthwise_case("batch2_m4", (4, 5, 3), multiplier=4, batch=2),
    depthwise_case("pads_torch_stride2", (8, 8, 6), strides=(2, 2), pads=(1, 1, 1, 1)),
    depthwise_case("pads_right2", (6, 6, 5), pads=(0, 0, 0, 2)),
    depthwise_case("pads_right2_c8", (6, 6, 8), pads=(1, 1, 1, 2)),
    depthwise_case("pads_below2", (6, 6, 8), pads=(0, 2, 1, 1)),
    depthwise_case("pads_wide", (6, 6, 8), pads=(2, 2, 2, 2)),
    depthwise_case("pads_beyond_kernel", (5, 5, 5), (2, 2), pads=(3, 3, 3, 3)),
    depthwise_case("no_bias", (5, 5, 5), bias=False),
    depthwise_case("no_bias_5x5_m1", (6, 6, 9), (5, 5), bias=False),
    depthwise_case("no_bias_m4", (5, 5, 3), multiplier=4, bias=False),
    depthwise_case("relu", (5, 5, 4), activation=Activation.RELU, zero_points=(3, -128)),
    depthwise_case(
        "relu6",
        (5, 5, 4),
        activation=Activation.RELU6,
        zero_points=(3, -128),
        output_scale=0.05,
    ),
    depthwise_case(
        "relu_n1_to_1",
        (5, 5, 4),
        activation=Activation.RELU_N1_TO_1,
        zero_points=(0, 0),
        output_scale=0.02,
    ),
    depthwise_case("zero_point_low", (5, 5, 4), zero_points=(-128, -128)),
    depthwise_case("zero_point_high", (5, 5, 4), zero_points=(127, 127)),
    depthwise_case("saturates", (5, 5, 4), output_scale=0.001),
    depthwise_case("large_scale", (5, 5, 4), output_scale=0.00001),
]
