import pytest
from equivalence import (
    assert_equivalent,
    assert_untouched,
    check_pass,
    floats,
    graph_of,
    random_array,
)

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.windows import Window
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.passes.fusion.fuse_pad import FusePad

IMAGE = ((0, 0), (1, 2), (0, 1), (0, 0))


def padded_conv(pad: Pad) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(pad, g.input("x", floats(1, 4, 3, 2)), name="p")
        channels = 2 + sum(pad.paddings[3])
        w = g.constant("w", random_array(3, 2, 2, channels))
        return [g.add1(Conv2D(window=Window((2, 2), pads=(1, 0, 0, 0))), x, w, name="y")]

    return graph_of(build)


def test_zeros_around_h_and_w_become_padding_of_the_window() -> None:
    check_pass(
        FusePad(),
        padded_conv(Pad(paddings=IMAGE)),
        """
graph g
  input x: float32[1x4x3x2]
  const w: float32[3x2x2x2]
  y = conv2d(window=2x2 pads=(2, 2, 0, 1))(x, w): float32[1x7x3x3]
  output y""",
    )


def test_one_dimensional_padding_passes_the_reshape_in_between() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Pad(paddings=((0, 0), (2, 0), (0, 0))), g.input("x", floats(1, 6, 2)))
        x = g.add1(Reshape(shape=(1, 1, 8, 2)), x)
        window = Window((1, 3))
        return [
            g.add1(DepthwiseConv2D(window=window), x, g.constant("w", random_array(1, 1, 3, 2)))
        ]

    graph = graph_of(build)
    after = FusePad().run(graph)
    assert [node.op.name for node in after.nodes] == ["reshape", "depthwise_conv2d"]
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    "pad",
    [Pad(paddings=IMAGE, value=1.0), Pad(paddings=((0, 0), (1, 1), (0, 0), (0, 2)))],
    ids=["value", "channels"],
)
def test_other_padding_stays(pad: Pad) -> None:
    assert_untouched(FusePad(), padded_conv(pad))


def test_a_pool_does_not_take_zeros_for_padding() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Pad(paddings=IMAGE), g.input("x", floats(1, 4, 3, 2)))
        return [g.add1(MaxPool2D(window=Window((2, 2))), x)]

    assert_untouched(FusePad(), graph_of(build))
