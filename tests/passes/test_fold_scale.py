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
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.passes.folding.fold_scale import FoldScale

MUL = Mul()
SAME = Window((3, 3), pads=(1, 1, 1, 1))


def behind_a_layer(
    layer: Op, shape: tuple[int, ...], factor: Array, *, swapped: bool = False, op: Op = MUL
) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 4) if len(shape) == 4 else floats(2, 4))
        channels = shape[3] if isinstance(layer, DepthwiseConv2D) else shape[0]
        w, b = g.constant("w", random_array(*shape)), g.constant("b", random_array(channels))
        y, c = g.add1(layer, x, w, b, name="l"), g.constant("c", factor)
        return [g.add1(op, *((c, y) if swapped else (y, c)), name="n")]

    return graph_of(build)


def test_a_factor_behind_a_dense_layer() -> None:
    check_pass(
        FoldScale(),
        behind_a_layer(FullyConnected(), (3, 4), np.array([[1, 2, 3]], np.float32)),
        """
graph g
  input x: float32[2x4]
  const w.folded: float32[3x4]
  const l.bias: float32[3]
  n = fully_connected()(x, w.folded, l.bias): float32[2x3]
  output n""",
    )


LAYERS = [
    pytest.param(Conv2D(window=SAME), (5, 3, 3, 4), id="conv"),
    pytest.param(DepthwiseConv2D(window=SAME), (1, 3, 3, 4), id="depthwise"),
    pytest.param(FullyConnected(), (5, 4), id="dense"),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_factors_go_into_every_layer(
    layer: Op, shape: tuple[int, ...], per_channel: bool, swapped: bool
) -> None:
    channels = shape[3] if isinstance(layer, DepthwiseConv2D) else shape[0]
    factor = random_array(channels if per_channel else 1)
    graph = behind_a_layer(
        layer, shape, factor, swapped=swapped, op=Mul(activation=Activation.RELU6)
    )
    after = FoldScale().run(graph)
    assert len(after.nodes) == 1
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    "graph",
    [
        behind_a_layer(FullyConnected(activation=Activation.RELU), (3, 4), random_array(3)),
        behind_a_layer(FullyConnected(), (3, 4), random_array(2, 1)),
        behind_a_layer(FullyConnected(), (1, 4), random_array(1, 5)),
        behind_a_layer(Conv2D(window=SAME), (5, 3, 3, 4), random_array(4, 1)),
    ],
    ids=["rectified", "per row", "broadcast", "per column"],
)
def test_what_is_no_factor_per_channel_stays(graph: Graph) -> None:
    assert_untouched(FoldScale(), graph)
