"""Convolution of int16: variants by size, 32- and 64-bit sums, every rounding."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int16, op_case

from edgec.ir import QParams
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation

INPUT_SCALE = 2e-4


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
    bias: type[np.int32] | type[np.int64] | None = np.int64,
    output_scale: float = 2e-4,
    batch: int = 1,
) -> Case:
    """Return a convolution with random per-channel weights and scales."""
    rng = np.random.default_rng(len(name) + sum(map(ord, name)))
    height, width, channels = shape
    if isinstance(pads, str):
        same = same_padding((height, width), kernel, strides, dilations)
        pads = same if pads == "SAME" else (0, 0, 0, 0)
    weights = rng.integers(-127, 128, (outputs, *kernel, channels // groups)).astype(np.int8)
    scales = rng.uniform(0.0005, 0.004, outputs)
    operands: list[Operand] = [
        int16((batch, *shape), INPUT_SCALE),
        Constant(weights, QParams.per_channel(scales, 0)),
    ]
    if bias is not None:
        values = rng.integers(-(2**24), 2**24, outputs).astype(bias)
        operands.append(Constant(values, QParams.per_channel(scales * INPUT_SCALE, 0)))
    op = Conv2D(window=Window(kernel, strides, dilations, pads), activation=activation)
    return op_case(f"conv2d_s16_{name}", op, operands, [QParams.per_tensor(output_scale)])


CASES = [
    *(
        conv_case(f"c{cin}_o{cout}_{pads.lower()}", (5, 6, cin), cout, pads=pads)
        for cin, cout, pads in product((1, 3, 8, 17), (1, 4, 5), ("SAME", "VALID"))
    ),
    *(
        conv_case(f"k{kh}x{kw}_s{s}", (9, 7, 5), 6, (kh, kw), (s, s))
        for (kh, kw), s in product(((1, 1), (1, 3), (5, 2), (3, 3)), (1, 2, 3))
    ),
    conv_case("511_weights", (3, 3, 73), 3, (7, 1)),
    conv_case("512_weights", (3, 3, 64), 3, (4, 2)),
    conv_case("batch2", (4, 5, 3), 4, batch=2),
    conv_case("1x1_image", (1, 1, 3), 5, (1, 1)),
    conv_case("dilated", (9, 9, 4), 4, (3, 3), dilations=(2, 3)),
    conv_case("asymmetric_pads", (8, 8, 4), 4, (3, 3), (2, 2), pads=(1, 1, 1, 1)),
    conv_case("pads_one_side", (6, 6, 2), 3, (3, 3), pads=(0, 2, 1, 0)),
    conv_case("pads_beyond_kernel", (5, 5, 5), 4, (2, 2), pads=(3, 3, 3, 3)),
    conv_case("no_bias", (9, 9, 4), 6, bias=None),
    conv_case("int32_bias", (9, 9, 4), 6, bias=np.int32),
    conv_case("groups2", (5, 5, 8), 6, groups=2),
    conv_case("relu", (5, 5, 4), 4, activation=Activation.RELU),
    conv_case("relu6", (5, 5, 4), 4, activation=Activation.RELU6, output_scale=5e-4),
    conv_case("relu_n1_to_1", (5, 5, 4), 4, activation=Activation.RELU_N1_TO_1),
    conv_case("saturates", (5, 5, 4), 4, output_scale=1e-5),
    conv_case("large_factor", (5, 5, 4), 4, (1, 1), output_scale=1e-8),
    conv_case("vanishes", (5, 5, 4), 4, output_scale=10.0),
]
