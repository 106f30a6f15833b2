"""Which function runs an int16 layer, and what makes it unfit for CMSIS-NN or for any kernel."""

import numpy as np
import pytest
from lowering import lowered
from ops.case import Case, Constant, Operand, int16, op_case
from ops.cases.layers.conv2d_s16 import conv_case
from ops.cases.layers.depthwise_conv2d_s16 import depthwise_case
from ops.cases.layers.fully_connected_s16 import fully_connected_case

from edgec.errors import EdgecError
from edgec.ir import Array, DType, QParams, TensorType
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window

CORES = ("cortex-m3", "cortex-m4", "cortex-m55")
ASYMMETRIC = TensorType((4,), DType.INT16, QParams.per_tensor(1e-3, 1))
FRACTION = QParams.per_tensor(2.0**-15)


def function_and_scratch(case: Case, cpu: str) -> tuple[str, int]:
    (step,) = lowered(case.graph, cpu).steps
    return step.function, step.scratch_bytes


def dense_case(weights: Array, bias: Array, output_scale: float) -> Case:
    """Return a layer of the scales 1e-4 and 0.01."""
    operands: list[Operand] = [
        int16((1, weights.shape[1]), 1e-4),
        Constant(weights.astype(np.int8), QParams.per_tensor(0.01)),
        Constant(bias.astype(np.int64), QParams.per_tensor(1e-6)),
    ]
    return op_case("dense", FullyConnected(), operands, [QParams.per_tensor(output_scale)])


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            conv_case("511", (3, 3, 73), 3, (7, 1)),
            [("convolve_s16", 0), ("convolve_fast_s16", 4 * 511), ("convolve_s16", 0)],
        ),
        (conv_case("512", (3, 3, 64), 3, (4, 2)), [("convolve_s16", 0)] * 3),
        (conv_case("dilated", (9, 9, 4), 4, dilations=(2, 1)), [("convolve_s16", 0)] * 3),
        (
            depthwise_case("c8", (5, 6, 8)),
            [
                ("depthwise_conv_s16", 0),
                ("depthwise_conv_fast_s16", 2 * 9 * 8),
                ("depthwise_conv_fast_s16", 4 * 2 * 9 * 8 + 8),
            ],
        ),
        (
            depthwise_case("c5", (5, 6, 5)),  # MVE would read beside the weights
            [
                ("depthwise_conv_s16", 0),
                ("depthwise_conv_fast_s16", 2 * 9 * 5),
                ("depthwise_conv_s16", 0),
            ],
        ),
        (depthwise_case("m2", (5, 6, 8), multiplier=2), [("depthwise_conv_s16", 0)] * 3),
        (depthwise_case("512", (32, 16, 4), (32, 16)), [("depthwise_conv_s16", 0)] * 3),
        (
            depthwise_case("511", (7, 73, 4), (7, 73)),
            [
                ("depthwise_conv_s16", 0),
                ("depthwise_conv_fast_s16", 2 * 511 * 4),
                ("depthwise_conv_fast_s16", 4 * 2 * 511 * 4 + 8),
            ],
        ),
    ],
)
def test_the_variant_is_the_wrappers_where_that_is_right(
    case: Case, expected: list[tuple[str, int]]
) -> None:
    chosen = [function_and_scratch(case, cpu) for cpu in CORES]
    assert chosen == [(f"arm_{name}", scratch) for name, scratch in expected]


@pytest.mark.parametrize(
    "case",
    [
        conv_case("no_bias", (5, 5, 4), 4, bias=None),
        conv_case("int32_bias", (5, 5, 4), 4, bias=np.int32),
        fully_connected_case("no_bias", (1, 8), 4, bias=None),
        dense_case(np.full((1, 512), -128), np.zeros(1), 1e-3),  # 512 * 128 * 2^15 = 2^31
        dense_case(np.full((1, 400), 127), np.zeros(1), 1e-6),  # outputs reach 1.6e9 steps
    ],
    ids=["no bias", "int32 bias", "dense without bias", "int32 products", "huge outputs"],
)
def test_what_cmsis_nn_would_round_or_wrap_otherwise_runs_in_plain_c(case: Case) -> None:
    for cpu in CORES:
        function, _ = function_and_scratch(case, cpu)
        assert function.startswith("edgec_")


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (dense_case(np.ones((1, 4)), np.zeros(1), 1e-9), "factors to the output below 128"),
        (dense_case(np.ones((1, 4)), np.full(1, 2**46), 1.0), "Sums stay below 2**46"),
        (
            op_case("logs", LogSoftmax(), [int16((1, 4), 1e-3)], [QParams.per_tensor(1e-3)]),
            "All inputs and outputs are int8",
        ),
        (
            op_case("asymmetric", Relu(), [ASYMMETRIC], [ASYMMETRIC.qparams]),
            "int16 with zero point 0",
        ),
        (op_case("steep", Logistic(), [int16((4,), 3.0)], [FRACTION]), "scale is at most 2"),
        (
            op_case("scale", Logistic(), [int16((4,), 1e-3)], [QParams.per_tensor(1 / 256)]),
            "The output has scale 1/32768",
        ),
    ],
    ids=["factor", "sum", "function", "asymmetric", "steep", "output scale"],
)
def test_what_no_kernel_can_do(case: Case, reason: str) -> None:
    with pytest.raises(EdgecError) as caught:
        lowered(case.graph, "cortex-m4")
    assert caught.value.code == "no-kernel"
    assert reason in "\n".join(caught.value.notes)


@pytest.mark.parametrize(("scale", "fits"), [(1e-6 / 127, True), (1e-6 / 129, False)])
def test_the_largest_factor_is_below_128(scale: float, fits: bool) -> None:
    case = dense_case(np.ones((1, 4)), np.zeros(1), scale)
    if fits:
        assert function_and_scratch(case, "cortex-m4")[0] == "arm_fully_connected_s16"
        return
    with pytest.raises(EdgecError, match="no kernel"):
        function_and_scratch(case, "cortex-m4")


def test_the_largest_sum_of_a_depthwise_layer_is_one_channels() -> None:
    """Rows of 4 channels: the sum over a row is four times what a channel reaches."""
    taps, channels, step = 100, 4, 127 * 2**15
    operands: list[Operand] = [
        int16((1, taps, 1, channels), 1e-4),
        Constant(
            np.full((1, taps, 1, channels), 127, np.int8),
            QParams.per_channel([0.01] * channels, 3),
        ),
        Constant(np.zeros(channels, np.int64), QParams.per_channel([1e-6] * channels, 0)),
    ]

    def chosen(outputs: float) -> str:
        op = DepthwiseConv2D(window=Window((taps, 1)))
        q = QParams.per_tensor(1e-6 * taps * step / outputs)
        return function_and_scratch(op_case("sums", op, operands, [q]), "cortex-m3")[0]

    assert chosen(2**29.9) == "arm_depthwise_conv_s16"
    assert chosen(2**30.1) == "edgec_depthwise_conv2d_s16"
