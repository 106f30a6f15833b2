"""Which CMSIS-NN function runs a layer, how much scratch it gets, and what is left to plain C."""

import numpy as np
import pytest
from lowering import lowered, target
from ops.case import Case, int8, op_case
from ops.cases.layers.conv2d import conv_case
from ops.cases.layers.depthwise_conv2d import depthwise_case
from ops.cases.layers.fully_connected import fully_connected_case
from ops.cases.pooling.average_pool2d import average_case
from ops.cases.reductions.mean import mean_case

from edgec.backends.backend import preferred
from edgec.backends.cmsis_nn.fully_connected import kernel_sums
from edgec.backends.request import Request
from edgec.backends.selection import choose
from edgec.errors import EdgecError
from edgec.ir import QParams
from edgec.ops.layers.windows import Window
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.program import ArenaRef, Call, ConstantRef, Null, Struct


def call_and_scratch(case: Case, cpu: str) -> tuple[str, int]:
    (step,) = lowered(case.graph, cpu).steps
    return step.function.removeprefix("arm_depthwise_conv_"), (step.scratch_bytes)


def field(call: Call, index: int, name: str) -> object:
    struct = call.args[index]
    assert isinstance(struct, Struct)
    return struct.fields[name]


@pytest.mark.parametrize(
    ("case", "m3", "m4", "m55"),
    [
        (depthwise_case("a", (5, 6, 8)), ("3x3_s8", 0), ("3x3_s8", 0), ("s8_opt", 4 * 124 * 9)),
        (
            depthwise_case("b", (9, 9, 8), (5, 3)),
            ("s8", 0),
            ("s8_opt", 2 * 15 * 8),
            ("s8_opt", 4 * 124 * 15),
        ),
        (depthwise_case("c", (5, 6, 8), multiplier=2), ("s8", 0), ("s8", 0), ("s8", 0)),
        (depthwise_case("d", (5, 6, 8), batch=2), ("s8", 0), ("s8", 0), ("s8", 0)),
        (depthwise_case("e", (9, 9, 8), dilations=(2, 1)), ("s8", 0), ("s8", 0), ("s8", 0)),
    ],
)
def test_depthwise_variant_is_the_wrappers(
    case: Case, m3: tuple[str, int], m4: tuple[str, int], m55: tuple[str, int]
) -> None:
    assert call_and_scratch(case, "cortex-m3") == m3
    assert call_and_scratch(case, "cortex-m4") == m4
    assert call_and_scratch(case, "cortex-m55") == m55


@pytest.mark.parametrize(
    ("channels", "m3", "m4", "m55"),
    [(8, 288, 288, 288), (9, 336, 336, 352), (1, 48, 48, 64)],
)
def test_convolution_scratch_has_whole_steps_of_its_loops(
    channels: int, m3: int, m4: int, m55: int
) -> None:
    """Two columns of int16 in fours; on MVE four rows of int8 in eights."""
    case = conv_case(f"c{channels}", (5, 6, channels), 4)
    sizes = [call_and_scratch(case, f"cortex-{cpu}")[1] for cpu in ("m3", "m4", "m55")]
    assert sizes == [m3, m4, m55]


def test_groups_are_left_to_plain_c() -> None:
    case = conv_case("groups", (5, 5, 8), 6, groups=2)
    for cpu in ("cortex-m3", "cortex-m4", "cortex-m55"):
        assert call_and_scratch(case, cpu)[0] == "edgec_conv2d_s8"


def test_depthwise_3x3_is_avoided_where_it_reads_beside_the_image() -> None:
    """Its middle column is always read: two columns of padding on the right are one too many."""
    one = depthwise_case("one", (6, 6, 8), pads=(1, 1, 1, 1))
    two = depthwise_case("two", (6, 6, 8), pads=(1, 1, 1, 2))
    assert call_and_scratch(one, "cortex-m4")[0] == "3x3_s8"
    assert call_and_scratch(two, "cortex-m4")[0] == "s8_opt"
    assert call_and_scratch(two, "cortex-m0")[0] == "s8"


@pytest.mark.parametrize("pads", [(3, 0, 0, 0), (0, 3, 0, 0)], ids=str)
def test_depthwise_dsp_variant_is_avoided_where_its_buffer_overflows(
    pads: tuple[int, int, int, int],
) -> None:
    """A window whose rows are all padding makes it clear more rows than the buffer has."""
    case = depthwise_case("beyond", (5, 5, 8), (2, 2), pads=pads)
    assert call_and_scratch(case, "cortex-m4")[0] == "s8"


def test_depthwise_without_bias_gets_zeros() -> None:
    """The MVE variant adds an offset to the bias pointer before it looks at it."""
    case = depthwise_case("no_bias", (5, 5, 6), bias=False)
    program = lowered(case.graph, "cortex-m55")
    bias = program.steps[0].calls[0].args[8]
    assert isinstance(bias, ConstantRef)
    assert program.constants[bias.array].data.tolist() == [0] * 6


def test_depthwise_of_an_absurdly_wide_image_is_left_to_plain_c() -> None:
    case = depthwise_case("wide", (1, 32768, 1), (1, 3))
    assert call_and_scratch(case, "cortex-m4")[0] == "edgec_depthwise_conv2d_s8"


def test_fully_connected_gets_kernel_sums_on_mve_only() -> None:
    case = fully_connected_case("sums", (1, 9), 5)
    (weights,) = (data for data in case.graph.constants.values() if data.ndim == 2)
    program = lowered(case.graph, "cortex-m55")
    sums = field(program.steps[0].calls[0], 0, "buf")
    assert isinstance(sums, ConstantRef)
    assert program.constants[sums.array].data.tolist() == weights.astype(int).sum(1).tolist()
    scalar = lowered(case.graph, "cortex-m4").steps[0].calls[0]
    assert field(scalar, 0, "buf") == Null()


def test_kernel_sums_of_later_versions_fold_offset_and_bias() -> None:
    weights = np.array([[1, -2, 3], [127, 127, 127]], np.int8)
    bias = np.array([10, 2**31 - 1], np.int32)
    assert kernel_sums(weights, bias, 5, folded=False).tolist() == [2, 381]
    assert kernel_sums(weights, bias, 5, folded=True).tolist() == [20, -(2**31) + 1904]
    assert kernel_sums(weights, None, 5, folded=True).tolist() == [10, 1905]


@pytest.mark.parametrize(
    ("cpu", "scratch"), [("cortex-m3", 0), ("cortex-m4", 68), ("cortex-m55", 0)]
)
def test_average_pool_scratch_is_that_of_the_core(cpu: str, scratch: int) -> None:
    case = average_case("scratch", (5, 5, 17))
    assert call_and_scratch(case, cpu) == ("arm_avgpool_s8", scratch)
    buffer = field(lowered(case.graph, cpu).steps[0].calls[0], 0, "buf")
    assert isinstance(buffer, ArenaRef if scratch else Null)


def test_dilated_pools_are_left_to_plain_c() -> None:
    case = average_case("dilated", (9, 9, 5), (3, 2), dilations=(2, 3), pads=(0, 0, 0, 0))
    assert call_and_scratch(case, "cortex-m4")[0] == "edgec_average_pool2d_s8"


def test_mean_over_scattered_axes_has_no_kernel() -> None:
    case = mean_case("scattered", (2, 3, 4, 3, 2, 3), (0, 2, 4))
    (node,) = case.graph.nodes
    request = Request.of(node, case.graph, target("cortex-m4"))
    with pytest.raises(EdgecError, match="no kernel"):
        choose(request, preferred("auto"))


def test_pool_that_changes_quantization_has_no_kernel() -> None:
    op = MaxPool2D(window=Window((2, 2)))
    x = int8((1, 4, 4, 3), 0.05, 3)
    near = op_case("near", op, [x], [QParams.per_tensor(0.0500005, 3)])
    far = op_case("far", op, [x], [QParams.per_tensor(0.06, 3)])
    assert call_and_scratch(near, "cortex-m4")[0] == "arm_max_pool_s8"
    with pytest.raises(EdgecError, match="no kernel") as caught:
        lowered(far.graph, "cortex-m4")
    assert "same zero point and, within 1e-6, the same scale" in str(caught.value)
