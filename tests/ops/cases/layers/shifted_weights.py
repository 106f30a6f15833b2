"""What uint8 models had: weights with a zero point, averages with halves up, blends in floats.

TFLite's interpreter judges them in uint8, which is how they are exported.
"""

import numpy as np
from ops.case import Case, Constant, Operand, int8, op_case

from edgec.ir import Array, QParams
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.l2_normalization import L2Normalization
from edgec.ops.layers.windows import Window
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.operator import Activation
from edgec.ops.pooling.average_pool2d import AveragePool2D

RNG = np.random.default_rng(77)
X_SCALE, W_SCALE = 0.0213, 0.0047
OUTPUT = QParams.per_tensor(0.19, 11)


def constants(shape: tuple[int, ...], outputs: int, zero: int, *, bias: bool) -> list[Constant]:
    """Return weights over the whole range of int8 with a zero point, and maybe a bias."""
    weights: Array = RNG.integers(-128, 128, shape, np.int8)
    found = [Constant(weights, QParams.per_tensor(W_SCALE, zero))]
    if bias:
        data = RNG.integers(-3000, 3000, outputs, np.int32)
        found.append(Constant(data, QParams.per_tensor(X_SCALE * W_SCALE)))
    return found


def conv_case(
    name: str,
    shape: tuple[int, int, int],
    outputs: int,
    window: Window,
    zero: int,
    *,
    groups: int = 1,
    bias: bool = True,
    activation: Activation = Activation.NONE,
) -> Case:
    weights = (outputs, *window.kernel, shape[2] // groups)
    operands: list[Operand] = [
        int8((2, *shape), X_SCALE, -17),
        *constants(weights, outputs, zero, bias=bias),
    ]
    op = Conv2D(window=window, activation=activation)
    oracle = groups == 1  # the interpreter has no groups in uint8
    return op_case(f"shifted_conv_{name}", op, operands, [OUTPUT], oracle=oracle)


def depthwise_case(name: str, shape: tuple[int, int, int], window: Window, zero: int) -> Case:
    channels = shape[2] * (2 if "twice" in name else 1)
    weights = constants((1, *window.kernel, channels), channels, zero, bias="bias" in name)
    op = DepthwiseConv2D(window=window, activation=Activation.RELU6)
    operands: list[Operand] = [int8((2, *shape), X_SCALE, 40), *weights]
    return op_case(f"shifted_depthwise_{name}", op, operands, [QParams.per_tensor(0.031, -128)])


def dense_case(depth: int, outputs: int, zero: int, *, bias: bool = True) -> Case:
    operands: list[Operand] = [
        int8((3, depth), X_SCALE, -128),
        *constants((outputs, depth), outputs, zero, bias=bias),
    ]
    return op_case(f"shifted_dense_{depth}_{outputs}_{zero}", FullyConnected(), operands, [OUTPUT])


def pool_case(name: str, window: Window, shape: tuple[int, int, int] = (7, 6, 5)) -> Case:
    op = AveragePool2D(window=window, halves_up=True)
    kind = int8((2, *shape), 0.1, -3)
    return op_case(f"average_pool_up_{name}", op, [kind], [kind.qparams], samples=8)


def resize_case(shape: tuple[int, int, int], size: tuple[int, int], grid: str) -> Case:
    flags = {"align_corners": grid == "corner", "half_pixel_centers": grid == "center"}
    kind = int8((2, *shape), 0.1, -3)
    op = ResizeBilinear(size=size, **flags, in_floats=True)
    name = f"resize_in_floats_{shape[0]}x{shape[1]}_to_{size[0]}x{size[1]}_{grid}"
    return op_case(name, op, [kind], [kind.qparams], samples=4)


def length_case(shape: tuple[int, ...], zero: int) -> Case:
    operands: list[Operand] = [int8(shape, 0.1, zero)]
    name = f"l2_normalization_fine_{'x'.join(map(str, shape))}_{zero}"
    output = QParams.per_tensor(1 / 128, 0)
    return op_case(name, L2Normalization(fine=True), operands, [output], samples=6)


SAME = Window((3, 3), (1, 1), (1, 1), (1, 1, 1, 1))
CASES = [
    conv_case("pointwise", (5, 3, 8), 7, Window((1, 1)), -31),
    conv_case("same", (6, 5, 3), 4, SAME, 5, activation=Activation.RELU6),
    conv_case("strided", (7, 9, 5), 3, Window((3, 2), (2, 3)), 127),
    conv_case("dilated", (9, 9, 2), 5, Window((3, 3), (1, 1), (2, 3)), -128),
    conv_case("no_bias", (5, 5, 6), 2, SAME, 1, bias=False),
    conv_case("one_pixel", (1, 1, 13), 1, Window((1, 1)), -2),
    conv_case("groups", (5, 5, 8), 6, SAME, 23, groups=2),
    depthwise_case("bias", (6, 5, 4), SAME, 19),
    depthwise_case("strided", (7, 8, 3), Window((3, 3), (2, 2)), -77),
    depthwise_case("twice_bias", (5, 5, 3), Window((2, 3), (1, 2), (1, 1), (0, 1, 1, 1)), 127),
    depthwise_case("dilated", (9, 8, 2), Window((3, 3), (1, 1), (2, 2)), -128),
    dense_case(16, 5, -40),
    dense_case(7, 3, 127),
    dense_case(33, 1, 2, bias=False),
    pool_case("two", Window((2, 2), (2, 2))),
    pool_case("same", Window((3, 3), (2, 2), (1, 1), (0, 1, 0, 1)), (6, 6, 3)),
    pool_case("all", Window((7, 6))),
    pool_case("row", Window((1, 4), (1, 1))),
    *(
        resize_case(shape, size, grid)
        for shape, size in (
            ((4, 5, 3), (7, 13)),
            ((7, 9, 4), (3, 4)),
            ((1, 1, 5), (3, 4)),
            ((6, 5, 2), (1, 1)),
            ((9, 11, 1), (33, 29)),
        )
        for grid in ("front", "center", "corner")
    ),
    *(length_case((3, n), 3) for n in (1, 2, 5, 17, 255)),
    *(length_case((40, 3), zero) for zero in (-128, 0, 127)),
    length_case((1, 33025), -128),
]
