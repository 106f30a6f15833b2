from dataclasses import replace

import numpy as np
import pytest
from equivalence import assert_equivalent, assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.sum import Sum
from edgec.passes.layout.write_as_mean import WriteAsMean


def pooled(window: Window, *shape: int, activation: Activation = Activation.NONE) -> Graph:
    op = AveragePool2D(window=window, activation=activation)
    return graph_of(lambda g: [g.add1(op, g.input("x", floats(*shape)), name="y")])


def test_a_pool_over_the_whole_image_is_a_mean() -> None:
    check_pass(
        WriteAsMean(),
        pooled(Window((4, 3), strides=(2, 2)), 1, 4, 3, 2),
        """
graph g
  input x: float32[1x4x3x2]
  y = mean(axes=(1, 2), keep_dims=True)(x): float32[1x1x1x2]
  output y""",
    )


def test_its_rectifier_comes_after_it() -> None:
    check_pass(
        WriteAsMean(),
        pooled(Window((4, 3)), 1, 4, 3, 2, activation=Activation.RELU6),
        """
graph g
  input x: float32[1x4x3x2]
  y.2 = mean(axes=(1, 2), keep_dims=True)(x): float32[1x1x1x2]
  y = relu(activation=RELU6)(y.2): float32[1x1x1x2]
  output y""",
    )


@pytest.mark.parametrize(
    ("window", "axes"),
    [
        (Window((4, 1)), (1,)),
        (Window((1, 3)), (2,)),
        (Window((6, 3), pads=(1, 1, 0, 0)), (1, 2)),
        (Window((5, 4), strides=(9, 9), pads=(1, 0, 0, 2)), (1, 2)),
    ],
    ids=str,
)
def test_padding_counts_nowhere_and_an_axis_may_stay(window: Window, axes: tuple[int, ...]) -> None:
    graph = pooled(window, 1, 4, 3, 2)
    after = WriteAsMean().run(graph)
    assert [node.op for node in after.nodes] == [Mean(axes=axes, keep_dims=True)]
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    "window",
    [
        Window((3, 3)),  # slides along H
        Window((4, 2), strides=(1, 3)),  # leaves a column out
        Window((2, 3), dilations=(3, 1)),  # leaves rows out
        Window((4, 3), pads=(3, 3, 0, 0)),  # seven windows
        Window((3, 3), strides=(9, 9), pads=(0, 1, 0, 0)),  # the only window ends too early
        Window((1, 3), strides=(2, 1)),  # every other row
        Window((2, 3), strides=(2, 1)),
    ],
    ids=str,
)
def test_other_pools_stay(window: Window) -> None:
    assert_untouched(WriteAsMean(), pooled(window, 1, 4, 3, 2))


def test_a_pool_of_more_than_any_kernel_adds_up_stays() -> None:
    assert_untouched(WriteAsMean(), pooled(Window((256, 256)), 1, 256, 256, 1))


def scaled_sum(factor: float, *, first: bool = False) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        total = g.add1(Sum(axes=(1, 2), keep_dims=True), g.input("x", floats(1, 4, 3, 2)), name="s")
        c = g.constant("c", np.array(factor, np.float32))
        return [g.add1(Mul(), *((c, total) if first else (total, c)), name="y")]

    return graph_of(build)


@pytest.mark.parametrize("first", [False, True])
def test_a_sum_over_its_count_is_a_mean(first: bool) -> None:
    check_pass(
        WriteAsMean(),
        scaled_sum(1 / 12, first=first),
        """
graph g
  input x: float32[1x4x3x2]
  y = mean(axes=(1, 2), keep_dims=True)(x): float32[1x1x1x2]
  output y""",
    )


def test_a_sum_times_anything_else_stays() -> None:
    assert_untouched(WriteAsMean(), scaled_sum(1 / 13))


def test_a_sum_that_others_read_stays() -> None:
    graph = scaled_sum(1 / 12)
    outputs = tuple(value for node in graph.nodes for value in node.outputs)
    assert_untouched(WriteAsMean(), replace(graph, outputs=outputs))


def test_a_mean_of_a_mean_is_one() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        rows = g.add1(Mean(axes=(2,), keep_dims=True), g.input("x", floats(1, 4, 3, 2)), name="r")
        pool = AveragePool2D(window=Window((4, 1)))
        return [g.add1(pool, rows, name="y")]

    check_pass(
        WriteAsMean(),
        graph_of(build),
        """
graph g
  input x: float32[1x4x3x2]
  y = mean(axes=(1, 2), keep_dims=True)(x): float32[1x1x1x2]
  output y""",
    )


def test_axes_of_one_element_are_not_named() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        mean = g.add1(Mean(axes=(1, 2), keep_dims=True), g.input("x", floats(1, 1, 3, 2)))
        nothing = g.add1(Mean(axes=(0, 1), keep_dims=True), mean)
        return [g.add1(AveragePool2D(window=Window((1, 1))), nothing, name="y")]

    check_pass(
        WriteAsMean(),
        graph_of(build),
        """
graph g
  input x: float32[1x1x3x2]
  y = mean(axes=(2,), keep_dims=True)(x): float32[1x1x1x2]
  output y""",
    )


def test_a_model_that_states_its_quantization_stays() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        mark = FakeQuantize(scale=0.1, zero_point=3)
        x = g.add1(mark, g.input("x", floats(1, 4, 3, 2)))
        y = g.add1(AveragePool2D(window=Window((4, 3))), x)
        return [g.add1(mark, y, name="y")]

    assert_untouched(WriteAsMean(), graph_of(build))
