import pytest
from equivalence import (
    assert_equivalent,
    assert_untouched,
    check_pass,
    floats,
    graph_of,
    random_array,
)

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.passes.fusion.fuse_bias import FuseBias


def test_matmul_and_add_become_one_layer() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        y = g.add1(FullyConnected(), x, g.constant("w", random_array(3, 4)), name="fc")
        add = Add(activation=Activation.RELU)
        return [g.add1(add, g.constant("b", random_array(1, 3)), y, name="y")]

    check_pass(
        FuseBias(),
        graph_of(build),
        """
graph g
  input x: float32[1x4]
  const w.folded: float32[3x4]
  const fc.bias: float32[3]
  y = fully_connected(activation=RELU)(x, w.folded, fc.bias): float32[1x3]
  output y""",
    )


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 1, 1, 3)])
def test_a_second_bias_joins_the_first(shape: tuple[int, ...]) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w, b = g.constant("w", random_array(3, 1, 1, 2)), g.constant("b", random_array(3))
        y = g.add1(Conv2D(window=Window((1, 1))), g.input("x", floats(1, 4, 3, 2)), w, b)
        return [g.add1(Add(), y, g.constant("c", random_array(*shape, seed=7)))]

    graph = graph_of(build)
    after = FuseBias().run(graph)
    assert [node.op.name for node in after.nodes] == ["conv2d"]
    assert_equivalent(graph, after)


@pytest.mark.parametrize("shape", [(3, 1), (4, 3, 1), (2, 1, 1, 3), (4, 3, 3)])
def test_what_is_no_constant_per_channel_stays(shape: tuple[int, ...]) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w = g.constant("w", random_array(3, 1, 1, 2))
        y = g.add1(Conv2D(window=Window((1, 1))), g.input("x", floats(1, 4, 3, 2)), w)
        return [g.add1(Add(), y, g.constant("c", random_array(*shape)))]

    assert_untouched(FuseBias(), graph_of(build))


def test_behind_an_activation_it_stays() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w = g.constant("w", random_array(3, 4))
        clamped = FullyConnected(activation=Activation.RELU6)
        y = g.add1(clamped, g.input("x", floats(1, 4)), w)
        return [g.add1(Add(), y, g.constant("c", random_array(3)))]

    assert_untouched(FuseBias(), graph_of(build))
