from equivalence import assert_untouched, check_pass, floats, graph_of

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.passes.cleanup.eliminate_identity import EliminateIdentity


def test_nodes_that_do_nothing_go() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Reshape(shape=(1, 2, 3)), g.input("x", floats(1, 2, 3)), name="same_shape")
        x = g.add1(Transpose(perm=(0, 1, 2)), x, name="same_axes")
        x = g.add1(Pad(paddings=((0, 0),) * 3), x, name="no_pad")
        return [g.add1(Relu(), x, name="y")]

    check_pass(
        EliminateIdentity(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x3]
  y = relu()(x): float32[1x2x3]
  output y""",
    )


def test_chains_of_reshapes_and_of_transposes_become_one() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(2, 3, 4))
        a = g.add1(Reshape(shape=(4, 6)), g.add1(Reshape(shape=(24,)), x), name="a")
        b = g.add1(Transpose(perm=(1, 0, 2)), g.add1(Transpose(perm=(2, 0, 1)), x), name="b")
        return [g.add1(Relu(), a, name="y"), g.add1(Relu(), b, name="z")]

    check_pass(
        EliminateIdentity(),
        graph_of(build),
        """
graph g
  input x: float32[2x3x4]
  a = reshape(shape=(4, 6))(x): float32[4x6]
  b = transpose(perm=(0, 2, 1))(x): float32[2x4x3]
  y = relu()(a): float32[4x6]
  z = relu()(b): float32[2x4x3]
  output y
  output z""",
    )


def test_a_transpose_of_axes_of_extent_one_is_a_reshape() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Transpose(perm=(0, 2, 3, 1)), g.input("x", floats(1, 1, 4, 5)), name="y")]

    check_pass(
        EliminateIdentity(),
        graph_of(build),
        """
graph g
  input x: float32[1x1x4x5]
  y = reshape(shape=(1, 4, 5, 1))(x): float32[1x4x5x1]
  output y""",
    )


def test_an_output_takes_over_the_value_it_equals() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Tanh(), g.input("x", floats(1, 2)), name="inner")
        g.add1(Relu(), x)
        return [g.add1(Reshape(shape=(1, 2)), x, name="y")]

    check_pass(
        EliminateIdentity(),
        graph_of(build),
        """
graph g
  input x: float32[1x2]
  y = tanh()(x): float32[1x2]
  output y""",
    )


def test_an_output_that_equals_an_input_or_another_output_stays() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 2))
        y = g.add1(Relu(), x, name="y")
        return [y] + [g.add1(Reshape(shape=(1, 2)), each, name="copy") for each in (x, y)]

    assert_untouched(EliminateIdentity(), graph_of(build))
