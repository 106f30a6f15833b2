"""Convolution: odd shapes, 1 to 17 channels, all paddings and strides, groups, saturation."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation


def conv_case(
    name: str,
    shape: tuple[int, int, int],
    outputs: int,
    kernel: tuple[int, int] = (3, 3),
    strides: tuple[int, int] = (1, 1),
    *,
    pads: Pads | str = "SAME",
    dilations: tuple[int, int] = (1, 1),
    activation: Activation = Activation.NONE,
    groups: int = 1,
    bias: bool = True,
    zero_points: tuple[int, int] = (-5, 7),
    output_scale: float = 0.9,
) -> Case:
    """Return a convolution with random per-channel weights and scales."""
    rng = np.random.default_rng(len(name) + sum(map(ord, name)))
    height, width, channels = shape
    if isinstance(pads, str):
        same = same_padding((height, width), kernel, strides, dilations)
        pads = same if pads == "SAME" else (0, 0, 0, 0)
    weights = rng.integers(-127, 128, (outputs, *kernel, channels // groups)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.02, outputs)
    operands: list[Operand] = [
        int8((1, *shape), 0.05, zero_points[0]),
        Constant(weights, QParams.per_channel(scales, 0)),
    ]
    if bias:
        values = rng.integers(-(2**15), 2**15, outputs).astype(np.int32)
        operands.append(Constant(values, QParams.per_channel(scales * 0.05, 0)))
    op = Conv2D(window=Window(kernel, strides, dilations, pads), activation=activation)
    return op_case(
        f"conv2d_{name}", op, operands, [QParams.per_tensor(output_scale, zero_points[1])]
    )


CASES = [
    *(
        conv_case(f"c{cin}_o{cout}_{pads.lower()}", (5, 6, cin), cout, pads=pads)
        for cin, cout, pads in product((1, 3, 8, 17), (1, 4, 17), ("SAME", "VALID"))
    ),
    *(
        conv_case(f"k{kh}x{kw}_s{s}", (9, 7, 5), 6, (kh, kw), (s, s))
        for (kh, kw), s in product(((1, 1), (1, 3), (5, 2), (3, 3)), (1, 2, 3))
    ),
    conv_case("1x1_image", (1, 1, 3), 5, (1, 1)),
    conv_case("row_same", (1, 16, 4), 8, (1, 3)),
    conv_case("row_valid", (1, 16, 4), 8, (1, 5), pads="VALID"),
    conv_case("row_wide_kernel", (1, 4, 4), 3, (1, 7)),
    conv_case("row_stride2", (1, 13, 6), 5, (1, 4), (1, 2)),
    conv_case("uneven_strides", (10, 9, 4), 4, (3, 3), (2, 1)),
    conv_case("dilated", (9, 9, 4), 4, (3, 3), dilations=(2, 3)),
    conv_case("asymmetric_pads", (8, 8, 4), 4, (3, 3), (2, 2), pads=(1, 1, 1, 1)),
    conv_case("pads_one_side", (6, 6, 2), 3, (3, 3), pads=(0, 2, 1, 0)),
    conv_case("no_bias", (5, 5, 4), 6, bias=False),
    conv_case("groups2", (5, 5, 8), 6, groups=2),
    conv_case("groups_odd", (5, 5, 9), 6, groups=3),
    conv_case("relu", (5, 5, 4), 4, activation=Activation.RELU, zero_points=(3, -128)),
    conv_case(
        "relu6", (5, 5, 4), 4, activation=Activation.RELU6, zero_points=(3, -128), output_scale=0.1
    ),
    conv_case(
        "relu_n1_to_1",
        (5, 5, 4),
        4,
        activation=Activation.RELU_N1_TO_1,
        zero_points=(0, 0),
        output_scale=0.05,
    ),
    conv_case("zero_point_low", (5, 5, 4), 4, zero_points=(-128, -128)),
    conv_case("zero_point_high", (5, 5, 4), 4, zero_points=(127, 127)),
    conv_case("saturates", (5, 5, 4), 4, output_scale=0.001),
    conv_case("large_scale", (5, 5, 4), 4, output_scale=0.00001),
]
