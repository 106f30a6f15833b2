"""Fully connected layers of int16: odd sizes, more than 512 inputs, 32- and 64-bit sums."""

from itertools import product

import numpy as np
from ops.case import Case, Constant, Operand, int16, op_case

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
    bias: type[np.int32] | type[np.int64] | None = np.int64,
    scales: tuple[float, float, float] = (2e-4, 0.004, 1e-3),
    per_channel: bool = False,
) -> Case:
    """Return a fully connected layer; ``scales`` are those of input, weights and output.

    ``per_channel`` gives each output a scale of its own, up to that of the weights.
    """
    rng = np.random.default_rng(sum(map(ord, name)))
    depth = depth or shape[-1]
    weights = rng.integers(-127, 128, (outputs, depth)).astype(np.int8)
    each = [scales[1]]
    if per_channel:
        each = list(scales[1] * rng.uniform(0.05, 1.0, outputs))
        name = f"per_channel_{name}"
    operands: list[Operand] = [int16(shape, scales[0]), Constant(weights, _scaled(each))]
    if bias is not None:
        values = rng.integers(-(2**22), 2**22, outputs).astype(bias)
        operands.append(Constant(values, _scaled([scales[0] * scale for scale in each])))
    op = FullyConnected(activation=activation, keep_num_dims=keep)
    result = QParams.per_tensor(scales[2])
    return op_case(f"fully_connected_s16_{name}", op, operands, [result])


def _scaled(scales: list[float]) -> QParams:
    return QParams.per_channel(scales, 0) if len(scales) > 1 else QParams.per_tensor(scales[0])


CASES = [
    *(
        fully_connected_case(f"i{i}_o{o}", (1, i), o)
        for i, o in product((1, 3, 4, 16, 17, 65), (1, 2, 3, 4, 7, 17))
    ),
    *(fully_connected_case(f"deep{i}", (1, i), 5) for i in (511, 512, 513, 700)),
    fully_connected_case("batch5", (5, 9), 6),
    fully_connected_case("flattens", (1, 3, 4, 2), 5, depth=24),
    fully_connected_case("keeps_axes", (1, 3, 4, 5), 6, keep=True),
    fully_connected_case("no_bias", (5, 20), 10, bias=None),
    fully_connected_case("int32_bias", (5, 20), 10, bias=np.int32),
    fully_connected_case("relu", (1, 12), 9, activation=Activation.RELU),
    fully_connected_case("relu6", (1, 12), 9, activation=Activation.RELU6),
    fully_connected_case("relu_n1_to_1", (1, 12), 9, activation=Activation.RELU_N1_TO_1),
    fully_connected_case("saturates", (1, 40), 8, scales=(2e-4, 0.004, 1e-5)),
    fully_connected_case("tiny_factor", (1, 6), 8, scales=(1e-7, 1e-5, 10.0)),
    fully_connected_case("float32_product", (1, 64), 16, scales=(1e-4, 0.03, 3e-3)),
    *(
        fully_connected_case(f"i{i}_o{o}", (1, i), o, per_channel=True)
        for i, o in product((1, 3, 4, 16, 17, 65), (2, 3, 4, 7, 17))
    ),
    *(fully_connected_case(f"deep{i}", (1, i), 5, per_channel=True) for i in (511, 512, 700)),
    fully_connected_case("rows2", (2, 9), 6, per_channel=True),
    fully_connected_case("rows5", (5, 9), 6, per_channel=True),
    fully_connected_case("flattens", (1, 3, 4, 2), 5, depth=24, per_channel=True),
    fully_connected_case("keeps_axes", (1, 3, 4, 5), 6, keep=True, per_channel=True),
    fully_connected_case("no_bias", (5, 20), 10, bias=None, per_channel=True),
    fully_connected_case("int32_bias", (5, 20), 10, bias=np.int32, per_channel=True),
    fully_connected_case("relu", (1, 12), 9, activation=Activation.RELU, per_channel=True),
    fully_connected_case("relu6", (1, 12), 9, activation=Activation.RELU6, per_channel=True),
    fully_connected_case("saturates", (1, 40), 8, scales=(2e-4, 0.004, 1e-5), per_channel=True),
    fully_connected_case("tiny_factor", (1, 6), 8, scales=(1e-7, 1e-5, 10.0), per_channel=True),
    fully_connected_case(
        "double_product", (1, 64), 16, scales=(1e-4, 0.03, 3e-3), per_channel=True
    ),
]
