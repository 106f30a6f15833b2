"""Layer normalization as exporters spell it out."""

from collections.abc import Callable

import numpy as np
import pytest
from equivalence import assert_equivalent, assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.elementwise.sub import Sub
from edgec.ops.functions.pow import Pow
from edgec.ops.functions.reciprocal import Reciprocal
from edgec.ops.functions.sqrt import Sqrt
from edgec.ops.layers.normalization import Normalization
from edgec.ops.operator import Activation
from edgec.ops.reductions.mean import Mean
from edgec.passes.fusion.fuse_normalization import FuseNormalization

MEAN = Mean(axes=(2,), keep_dims=True)
Square = Callable[[GraphBuilder, ValueName, ValueName], ValueName]


def by_power(g: GraphBuilder, x: ValueName, mean: ValueName) -> ValueName:
    return g.add1(Pow(exponent=2.0), g.add1(Sub(), x, mean))


def by_product(g: GraphBuilder, x: ValueName, mean: ValueName) -> ValueName:
    difference = g.add1(Sub(), x, mean)
    return g.add1(Mul(), difference, difference)


def by_difference(g: GraphBuilder, x: ValueName, mean: ValueName) -> ValueName:
    return g.add1(SquaredDifference(), mean, x)


def normalized(
    g: GraphBuilder, square: Square = by_power, epsilon: float = 2**-10, axes: int = 2
) -> ValueName:
    x = g.input("x", floats(2, 3, 8))
    mean = g.add1(MEAN, x)
    variance = g.add1(Mean(axes=(axes,), keep_dims=True), square(g, x, mean))
    total = g.add1(Add(), variance, g.constant("epsilon", np.array(epsilon, np.float32)))
    inverse = g.add1(Reciprocal(), g.add1(Sqrt(), total))
    return g.add1(Mul(), g.add1(Sub(), x, mean), inverse, name="div")


def row(g: GraphBuilder, seed: int) -> ValueName:
    data = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return g.constant("row", data)


def layer(g: GraphBuilder) -> list[ValueName]:
    scaled = g.add1(Mul(), normalized(g), row(g, 1), name="mul")
    return [g.add1(Add(), row(g, 2), scaled, name="y")]


def test_layer_norm_is_one_operator() -> None:
    check_pass(
        FuseNormalization(),
        graph_of(layer),
        """
graph g
  input x: float32[2x3x8]
  const y.gain: float32[1x1x8]
  const y.offset: float32[1x1x8]
  y = normalization(axes=(2,), epsilon=0.0009765625)(x, y.gain, y.offset): float32[2x3x8]
  output y""",
    )


@pytest.mark.parametrize("square", [by_power, by_product, by_difference])
def test_squares_may_be_written_in_three_ways(square: Square) -> None:
    graph = graph_of(lambda g: [normalized(g, square)])
    after = FuseNormalization().run(graph)
    assert [node.op.name for node in after.nodes] == ["normalization"]
    assert_equivalent(graph, after)


def test_inverse_root_as_a_power() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(2, 3, 8))
        centered = g.add1(Sub(), x, g.add1(MEAN, x))
        variance = g.add1(MEAN, g.add1(Pow(exponent=2.0), centered))
        total = g.add1(Add(), g.constant("epsilon", np.array([1e-3], np.float32)), variance)
        return [g.add1(Mul(), g.add1(Pow(exponent=-0.5), total), centered)]

    after = FuseNormalization().run(graph_of(build))
    assert [node.op.name for node in after.nodes] == ["normalization"]
    assert_equivalent(graph_of(build), after)


def two_axes(g: GraphBuilder) -> ValueName:
    return normalized(g, axes=1)


def no_epsilon(g: GraphBuilder) -> ValueName:
    return normalized(g, epsilon=0.0)


@pytest.mark.parametrize("write", [two_axes, no_epsilon])
def test_what_is_no_normalization_stays(write: Callable[[GraphBuilder], ValueName]) -> None:
    assert_untouched(FuseNormalization(), graph_of(lambda g: [write(g)]))


def behind(write: Callable[[GraphBuilder, ValueName], ValueName]) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        parameters = [g.constant("p", np.full((1, 1, 1), n, np.float32)) for n in (2, 3)]
        x = g.input("x", floats(1, 3, 8))
        return [write(g, g.add1(Normalization(axes=(2,)), x, *parameters, name="norm"))]

    return graph_of(build)


def test_gain_after_offset_scales_both() -> None:
    graph = behind(lambda g, y: g.add1(Mul(), y, row(g, 3)))
    after = FuseNormalization().run(graph)
    assert [node.op.name for node in after.nodes] == ["normalization"]
    assert_equivalent(graph, after)


def activated(g: GraphBuilder, y: ValueName) -> ValueName:
    return g.add1(Add(activation=Activation.RELU), y, row(g, 3))


def larger(g: GraphBuilder, y: ValueName) -> ValueName:
    return g.add1(Add(), y, g.constant("c", np.zeros((5, 1, 1), np.float32)))


def read_twice(g: GraphBuilder, y: ValueName) -> ValueName:
    return g.add1(Sub(), g.add1(Mul(), y, row(g, 3)), g.add1(Relu(), y))


@pytest.mark.parametrize("write", [activated, larger, read_twice])
def test_what_cannot_be_taken_in_stays(
    write: Callable[[GraphBuilder, ValueName], ValueName],
) -> None:
    assert_untouched(FuseNormalization(), behind(write))
