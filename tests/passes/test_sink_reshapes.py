import pytest
from equivalence import (
    assert_equivalent,
    assert_untouched,
    check_pass,
    floats,
    graph_of,
    random_array,
)

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.batch_norm import BatchNorm
from edgec.ops.movement.reshape import Reshape
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.reduce_extremum import ReduceExtremum
from edgec.passes.layout.sink_reshapes import SinkReshapes


def test_an_activation_comes_before_the_flatten() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        flat = g.add1(Reshape(shape=(1, 12)), g.input("x", floats(1, 2, 3, 2)), name="flat")
        return [g.add1(Relu(), flat, name="y")]

    check_pass(
        SinkReshapes(),
        graph_of(build),
        """
graph g
  input x: float32[1x2x3x2]
  y.2 = relu()(x): float32[1x2x3x2]
  y = reshape(shape=(1, 12))(y.2): float32[1x12]
  output y""",
    )


def test_two_operands_reshaped_alike_meet_before_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        inputs = [g.input(name, floats(1, 1, 4, 2)) for name in "ab"]
        rows = [g.add1(Reshape(shape=(1, 4, 2)), each) for each in inputs]
        return [g.add1(Add(), *rows, name="y")]

    check_pass(
        SinkReshapes(),
        graph_of(build),
        """
graph g
  input a: float32[1x1x4x2]
  input b: float32[1x1x4x2]
  y.2 = add()(a, b): float32[1x1x4x2]
  y = reshape(shape=(1, 4, 2))(y.2): float32[1x4x2]
  output y""",
    )


def test_a_batch_norm_over_the_last_axis_meets_its_layer() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        rows = g.add1(Reshape(shape=(1, 4, 2)), g.input("x", floats(1, 1, 4, 2)))
        parameters = [g.constant(f"p{i}", abs(random_array(2, seed=i))) for i in range(4)]
        return [g.add1(BatchNorm(axis=2), rows, *parameters, name="y")]

    check_pass(
        SinkReshapes(),
        graph_of(build),
        """
graph g
  input x: float32[1x1x4x2]
  const p0: float32[2]
  const p1: float32[2]
  const p2: float32[2]
  const p3: float32[2]
  y.2 = batch_norm(axis=3)(x, p0, p1, p2, p3): float32[1x1x4x2]
  y = reshape(shape=(1, 4, 2))(y.2): float32[1x4x2]
  output y""",
    )


@pytest.mark.parametrize(
    ("constant", "before"),
    [
        (random_array(1), "1"),
        (random_array(2), "2"),
        (random_array(1, 1, 2), "2"),
        (random_array(1, 4, 2), "1x1x4x2"),
    ],
)
def test_constants_that_mean_the_same_before_it_come_along(constant: Array, before: str) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        rows = g.add1(Reshape(shape=(1, 4, 2)), g.input("x", floats(1, 1, 4, 2)))
        return [g.add1(Mul(), rows, g.constant("c", constant), name="y")]

    check_pass(
        SinkReshapes(),
        graph_of(build),
        f"""
graph g
  input x: float32[1x1x4x2]
  const c.flat: float32[{before}]
  y.2 = mul()(x, c.flat): float32[1x1x4x2]
  y = reshape(shape=(1, 4, 2))(y.2): float32[1x4x2]
  output y""",
    )


def test_what_would_mean_something_else_stays() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 2, 2, 2))
        flat = g.add1(Reshape(shape=(1, 8)), x)
        rows = g.add1(Reshape(shape=(2, 4)), x)
        return [
            g.add1(Mul(), flat, g.constant("c", random_array(3, 1))),  # broadcasts to more rows
            g.add1(Softmax(), rows),  # the last axis is another one
            g.add1(Add(), rows, g.constant("d", random_array(4))),
        ]

    assert_untouched(SinkReshapes(), graph_of(build))


@pytest.mark.parametrize(
    ("old", "new", "axes", "before"),
    [
        ((1, 4, 3, 2), (1, 12, 2), (1,), (1, 2)),  # pixels
        ((1, 2, 4, 3), (2, 12), (1,), (2, 3)),  # without the batch
        ((1, 1, 4, 2), (1, 4, 2), (1,), (2,)),  # a row
        ((1, 12, 2), (1, 4, 1, 3, 2), (1, 2, 3), (1,)),  # taken apart
        ((6, 4), (2, 3, 4), (0, 1, 2), (0, 1)),
        ((2, 6, 1, 4), (4, 3, 4), (0, 1), (0, 1)),  # regrouped
    ],
)
def test_a_reduction_of_all_that_a_reshape_joins_or_splits_comes_before_it(
    old: tuple[int, ...], new: tuple[int, ...], axes: tuple[int, ...], before: tuple[int, ...]
) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Reshape(shape=new), g.input("x", floats(*old)))
        return [g.add1(Mean(axes=axes, keep_dims=True), x, name="y")]

    graph = graph_of(build)
    after = SinkReshapes().run(graph)
    shape = tuple(1 if axis in axes else extent for axis, extent in enumerate(new))
    assert [node.op for node in after.nodes] == [
        Mean(axes=before, keep_dims=True),
        Reshape(shape=shape),
    ]
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    ("old", "new", "axes"),
    [
        ((1, 4, 6), (1, 4, 2, 3), (3,)),  # a part of an axis
        ((4, 6), (6, 4), (1,)),  # no axes of the one are those of the other
        ((1, 4, 6), (1, 1, 4, 6), (1,)),  # nothing
        ((1, 4, 6), (1, 4, 6), (1,)),  # nothing was reshaped
    ],
)
def test_other_reductions_stay_behind_a_reshape(
    old: tuple[int, ...], new: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Reshape(shape=new), g.input("x", floats(*old)))
        return [g.add1(ReduceExtremum(axes=axes, keep_dims=True), x)]

    assert_untouched(SinkReshapes(), graph_of(build))
