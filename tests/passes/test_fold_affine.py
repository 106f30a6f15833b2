import numpy as np
import pytest
from equivalence import (
    assert_equivalent,
    assert_untouched,
    check_pass,
    floats,
    graph_of,
    random_array,
)

from edgec.ir import Array, Graph, GraphBuilder, Op, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.passes.folding.fold_affine import FoldAffine

VALID, SAME = Window((3, 3)), Window((3, 3), pads=(1, 1, 1, 1))
CONV, GROUPED, DEPTHWISE = (5, 3, 3, 4), (6, 3, 3, 2), (1, 3, 3, 8)


def before_a_layer(
    op: Op, constant: Array, layer: Op, shape: tuple[int, ...], *, swapped: bool = False
) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, c = g.input("x", floats(1, 4, 4, 4)), g.constant("c", constant)
        y = g.add1(op, *((c, x) if swapped else (x, c)), name="n")
        channels = shape[3] if isinstance(layer, DepthwiseConv2D) else shape[0]
        w, b = g.constant("w", random_array(*shape)), g.constant("b", random_array(channels))
        return [g.add1(layer, y, w, b, name="l")]

    return graph_of(build)


def test_a_scale_goes_into_a_padded_convolution() -> None:
    check_pass(
        FoldAffine(),
        before_a_layer(Mul(), np.array([1 / 255], np.float32), Conv2D(window=SAME), CONV),
        """
graph g
  input x: float32[1x4x4x4]
  const w.folded: float32[5x3x3x4]
  const l.bias: float32[5]
  l = conv2d(window=3x3 pads=(1, 1, 1, 1))(x, w.folded, l.bias): float32[1x4x4x5]
  output l""",
    )


LAYERS = [
    pytest.param(Conv2D(window=VALID), CONV, id="conv"),
    pytest.param(Conv2D(window=VALID), GROUPED, id="grouped"),
    pytest.param(DepthwiseConv2D(window=VALID), DEPTHWISE, id="depthwise"),
    pytest.param(FullyConnected(), (7, 4), id="dense"),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
@pytest.mark.parametrize("op", [Add(), Sub(), Mul()], ids=str)
@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("swapped", [False, True])
def test_constants_per_channel_go_into_every_layer(
    layer: Op, shape: tuple[int, ...], op: Op, size: int, swapped: bool
) -> None:
    graph = before_a_layer(op, random_array(size), layer, shape, swapped=swapped)
    after = FoldAffine().run(graph)
    assert [node.name for node in after.nodes] == ["l"]
    assert_equivalent(graph, after)


def test_a_chain_of_both_goes_too() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Sub(), g.input("x", floats(1, 4)), g.constant("mean", random_array(4)))
        y = g.add1(Mul(), x, g.constant("gain", random_array(1, 4)))
        return [g.add1(FullyConnected(), y, g.constant("w", random_array(3, 4)))]

    graph = graph_of(build)
    after = FoldAffine().run(graph)
    assert len(after.nodes) == 1
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    ("op", "constant"),
    [
        pytest.param(Add(), random_array(4), id="offset before padding"),
        pytest.param(Mul(), random_array(4, 4), id="varies along the width"),
        pytest.param(Mul(activation=Activation.RELU), random_array(4), id="activation"),
    ],
)
def test_what_stays(op: Op, constant: Array) -> None:
    assert_untouched(FoldAffine(), before_a_layer(op, constant, Conv2D(window=SAME), CONV))


def test_what_something_else_reads_stays() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        y = g.add1(Mul(), g.input("x", floats(1, 4)), g.constant("c", random_array(4)))
        return [g.add1(FullyConnected(), y, g.constant("w", random_array(3, 4))), y]

    assert_untouched(FoldAffine(), graph_of(build))


def test_a_factor_goes_through_a_reshape() -> None:
    """The image of one channel, whose axes only a reshape has to bring in order."""

    def build(factor: Array) -> Graph:
        def made(g: GraphBuilder) -> list[ValueName]:
            x, c = g.input("x", floats(1, 1, 6, 6)), g.constant("c", factor)
            y = g.add1(Reshape(shape=(1, 6, 6, 1)), g.add1(Mul(), x, c, name="n"), name="r")
            w, b = g.constant("w", random_array(5, 3, 3, 1)), g.constant("b", random_array(5))
            return [g.add1(Conv2D(window=SAME), y, w, b, name="l")]

        return graph_of(made)

    before = build(np.array([1 / 255], np.float32))
    after = FoldAffine().run(before)
    assert [node.op.name for node in after.nodes] == ["reshape", "conv2d"]
    assert_equivalent(before, after)
    assert_untouched(FoldAffine(), build(random_array(6)))  # not one factor for all
