"""Depthwise convolution of int16: 1 to 17 channels, multipliers, all paddings and strides."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation

INPUT_SCALE = 2e-4


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
    output_scale: float = 1e-4,
) -> Case:
    """Return a depthwise convolution with random per-channel weights."""
    rng = np.random.default_rng(sum(map(ord, name)))
    height, width, channels = shape
    if isinstance(pads, str):
        same = same_padding((height, width), kernel, strides, dilations)
        pads = same if pads == "SAME" else (0, 0, 0, 0)
    outputs = channels * multiplier
    weights = rng.integers(-127, 128, (1, *kernel, outputs)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.004, outputs)
    operands: list[Operand] = [
        int16((batch, *shape), INPUT_SCALE),
        Constant(weights, QParams.per_channel(scales, 3)),
    ]
    if bias:
        values = rng.integers(-(2**22), 2**22, outputs).astype(np.int64)
        operands.append(Constant(values, QParams.per_channel(scales * INPUT_SCALE, 0)))
    op = DepthwiseConv2D(window=Window(kernel, strides, dilations, pads), activation=activation)
    result = QParams.per_tensor(output_scale)
    # The interpreter refuses this operator without an int64 bias.
    return op_case(f"depthwise_conv2d_s16_{name}", op, operands, [result], oracle=bias)


CASES = [
    *(
        depthwise_case(f"c{c}_m{m}_{pads.lower()}", (5, 6, c), multiplier=m, pads=pads)
        for c, m, pads in product((1, 3, 4, 8, 17), (1, 2, 4), ("SAME", "VALID"))
    ),
    *(
        depthwise_case(f"k{kh}x{kw}_s{s}_c{c}", (9, 7, c), (kh, kw), (s, s))
        for (kh, kw), s, c in product(((1, 1), (1, 3), (5, 2), (4, 4)), (1, 2), (5, 8))
    ),
    depthwise_case("many_channels", (4, 5, 132)),
    depthwise_case("511_taps", (9, 80, 4), (7, 73), pads="VALID"),
    depthwise_case("512_taps", (9, 70, 4), (8, 64), pads="VALID"),
    depthwise_case("one_row", (1, 9, 8)),
    depthwise_case("uneven_strides", (10, 9, 4), strides=(2, 1)),
    depthwise_case("dilated", (9, 9, 4), dilations=(2, 2)),
    depthwise_case("dilated_m4_stride", (9, 9, 2), (2, 2), (2, 2), multiplier=4, dilations=(3, 2)),
    depthwise_case("batch3", (4, 5, 8), batch=3),
    depthwise_case("batch2_m4", (4, 5, 3), multiplier=4, batch=2),
    depthwise_case("pads_torch_stride2", (8, 8, 8), strides=(2, 2), pads=(1, 1, 1, 1)),
    depthwise_case("pads_right2", (6, 6, 8), pads=(0, 0, 0, 2)),
    depthwise_case("pads_beyond_kernel", (5, 5, 8), (2, 2), pads=(3, 3, 3, 3)),
    depthwise_case("no_bias", (5, 5, 8), bias=False),
    depthwise_case("relu", (5, 5, 4), activation=Activation.RELU),
    depthwise_case("relu6", (5, 5, 4), activation=Activation.RELU6, output_scale=5e-4),
    depthwise_case("relu_n1_to_1", (5, 5, 4), activation=Activation.RELU_N1_TO_1),
    depthwise_case("saturates", (5, 5, 4), output_scale=1e-5),
]
