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
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.passes.fusion.fuse_activation import FuseActivation

RELU, RELU6, UNIT = Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1


def test_a_rectifier_goes_into_the_layer_before_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, w = g.input("x", floats(1, 2, 2, 1)), g.constant("w", random_array(2, 1, 1, 1))
        return [
            g.add1(Relu(activation=RELU6), g.add1(Conv2D(window=Window((1, 1))), x, w), name="y")
        ]

    check_pass(
        FuseActivation(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x2x1]
  const w: float32[2x1x1x1]
  y = conv2d(window=1x1, activation=RELU6)(x, w): float32[1x2x2x2]
  output y""",
    )


def test_across_a_max_pool_it_goes_into_the_layer() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, w = g.input("x", floats(1, 2, 2, 1)), g.constant("w", random_array(2, 1, 1, 1))
        x = g.add1(Conv2D(window=Window((1, 1))), x, w, name="c")
        x = g.add1(MaxPool2D(window=Window((2, 2))), x, name="p")
        return [g.add1(Relu(), x, name="y")]

    check_pass(
        FuseActivation(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x2x1]
  const w: float32[2x1x1x1]
  c.2 = conv2d(window=1x1, activation=RELU)(x, w): float32[1x2x2x2]
  y = max_pool2d(window=2x2)(c.2): float32[1x1x1x2]
  output y""",
    )


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [(RELU6, RELU, RELU6), (RELU, RELU6, RELU6), (RELU, RELU, RELU), (UNIT, UNIT, UNIT)],
)
def test_two_clamps_become_the_tighter_one(
    first: Activation, second: Activation, both: Activation
) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = (g.input(name, floats(1, 64)) for name in "ab")
        return [g.add1(Relu(activation=second), g.add1(Add(activation=first), a, b))]

    graph = graph_of(build)
    after = FuseActivation().run(graph)
    assert [node.op for node in after.nodes] == [Add(activation=both)]
    assert_equivalent(graph, after)


@pytest.mark.parametrize(("first", "second"), [(RELU, UNIT), (UNIT, RELU6)])
def test_two_clamps_that_no_single_one_equals_stay(first: Activation, second: Activation) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = (g.input(name, floats(1, 4)) for name in "ab")
        return [g.add1(Relu(activation=second), g.add1(Add(activation=first), a, b))]

    assert_untouched(FuseActivation(), graph_of(build))


def test_it_stays_where_others_read_the_value_or_nothing_can_hold_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        total = g.add1(Add(), x, x)
        return [total, g.add1(Relu(), total), g.add1(Relu(), g.add1(Tanh(), x)), g.add1(Relu(), x)]

    assert_untouched(FuseActivation(), graph_of(build))
