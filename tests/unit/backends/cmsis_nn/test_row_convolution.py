"""The row kernel of MVE cores: chosen only where a replay of its loops reads the right columns."""

from itertools import product

import pytest
from ops.cases.layers.conv2d import conv_case

from edgec.backends.cmsis_nn.conv2d import variant
from edgec.ir import Signature
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Pads, Window
from edgec.targets.cpu import CPUS, CpuCore

ROW = "arm_convolve_1_x_n_s8"
M55 = CPUS["cortex-m55"]


def taps_read(width: int, outputs: int, window: Window) -> list[list[int]] | None:
    """Return per output the (column, tap) pairs of arm_convolve_1_x_n_s8; None where it refuses."""
    kernel, stride, left = window.kernel[1], window.strides[1], window.pads[2]
    total = (outputs - 1) * stride + kernel - width
    odd = abs(total) % 2 * (1 if total >= 0 else -1)  # C's remainder
    if left * 2 + odd != total:
        return None
    right = max(1, (left + odd + stride - 1) // stride) if left + odd else 0
    before = max(1, (left + stride - 1) // stride) if left else 0
    if right + before > outputs:
        return None
    spans = []
    for index in range(outputs):
        start = index * stride - left
        first = -start if index < before else 0
        last = min(kernel, width - start) if index >= outputs - right else kernel
        spans.append([(start + tap) * kernel + tap for tap in range(first, last)])
    return spans


def taps_inside(width: int, outputs: int, window: Window) -> list[list[int]]:
    """Return the same from the definition of a padded convolution."""
    kernel, stride, left = window.kernel[1], window.strides[1], window.pads[2]
    return [
        [(start + tap) * kernel + tap for tap in range(kernel) if 0 <= start + tap < width]
        for start in (index * stride - left for index in range(outputs))
    ]


def chosen(
    window: Window, shape: tuple[int, int, int], outputs: int = 4, cpu: CpuCore = M55
) -> str:
    case = conv_case("row", shape, outputs, window.kernel, window.strides, pads=window.pads)
    (node,) = case.graph.nodes
    signature: Signature = case.graph.signature(node)
    assert isinstance(node.op, Conv2D)
    return variant(window, signature, cpu, is_pinned=True)[0]


@pytest.mark.parametrize("kernel", range(2, 7))
def test_it_reads_what_the_definition_says(kernel: int) -> None:
    taken = 0
    for width, stride, left, right in product(range(1, 8), range(1, 4), range(4), range(4)):
        window = Window((1, kernel), (1, stride), pads=(0, 0, left, right))
        outputs = (width + left + right - kernel) // stride + 1
        if outputs < 1:
            continue
        if chosen(window, (1, width, 4)) == ROW:
            taken += 1
            expected = taps_inside(width, outputs, window)
            assert taps_read(width, outputs, window) == expected, (width, window)
    assert taken > 10


@pytest.mark.parametrize(
    ("kernel", "strides", "pads", "shape"),
    [
        ((1, 3), (1, 1), (0, 0, 1, 1), (2, 8, 4)),
        ((3, 3), (1, 1), (1, 1, 1, 1), (1, 8, 4)),
        ((1, 3), (1, 1), (1, 0, 1, 1), (1, 8, 4)),
        ((1, 3), (1, 1), (0, 1, 1, 1), (1, 8, 4)),
        ((1, 3), (1, 1), (0, 0, 1, 1), (1, 8, 3)),
        ((1, 3), (1, 2), (0, 0, 1, 1), (1, 9, 1)),
        ((1, 3), (1, 1), (0, 0, 2, 0), (1, 8, 4)),
        ((1, 3), (1, 1), (0, 0, 0, 2), (1, 8, 4)),
        ((1, 5), (1, 1), (0, 0, 2, 2), (1, 2, 4)),
    ],
    ids=str,
)
def test_it_is_avoided(
    kernel: tuple[int, int], strides: tuple[int, int], pads: Pads, shape: tuple[int, int, int]
) -> None:
    assert chosen(Window(kernel, strides, pads=pads), shape) == "arm_convolve_s8"


def test_it_is_taken() -> None:
    window = Window((1, 3), pads=(0, 0, 1, 1))
    assert chosen(window, (1, 8, 4)) == ROW
    assert chosen(window, (1, 8, 4), cpu=CPUS["cortex-m4"]) == "arm_convolve_s8"
    assert chosen(Window((1, 3), (1, 2), pads=(0, 0, 0, 1)), (1, 8, 2)) == ROW
