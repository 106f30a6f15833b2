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
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.batch_norm import BatchNorm
from edgec.ops.layers.windows import Window
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.ops.reductions.mean import Mean
from edgec.passes.layout.move_transposes import MoveTransposes

TO_LAST, TO_FIRST = Transpose(perm=(0, 2, 3, 1)), Transpose(perm=(0, 3, 1, 2))
POOL = MaxPool2D(window=Window((2, 2)))
CHANNELS = 3


def pooled(g: GraphBuilder, x: ValueName, name: str) -> ValueName:
    """Add a pool as the ONNX importers do: in transposes."""
    y = g.add1(POOL, g.add1(TO_LAST, x, name=f"{name}.nhwc"), name=name)
    return g.add1(TO_FIRST, y, name=f"{name}.nchw")


def image(g: GraphBuilder, name: str = "x") -> ValueName:
    return g.input(name, floats(1, CHANNELS, 6, 5))


def transposes(graph: Graph) -> int:
    return sum(isinstance(node.op, Transpose) for node in graph.nodes)


def parameters(g: GraphBuilder) -> list[ValueName]:
    return [g.constant(f"p{i}", abs(random_array(CHANNELS, seed=i))) for i in range(4)]


def test_pairs_cancel_and_the_door_absorbs_the_rest() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Relu(), pooled(g, image(g), "a"), name="r")
        return [pooled(g, x, "b")]

    after = check_pass(
        MoveTransposes(),
        graph_of(build),
        """
graph g
  input x: float32[1x6x5x3]
  a = max_pool2d(window=2x2)(x): float32[1x5x4x3]
  r = relu()(a): float32[1x5x4x3]
  b.nchw = max_pool2d(window=2x2)(r): float32[1x4x3x3]
  output b.nchw""",
    )
    assert dict(after.layouts) == {"x": (0, 2, 3, 1), "b.nchw": (0, 2, 3, 1)}


FOLLOWERS: list[Operator] = [
    Relu(),
    Pad(paddings=((0, 0), (0, 0), (1, 0), (0, 2))),
    Mean(axes=(1, 3), keep_dims=True),
    Mean(axes=(2, 3), keep_dims=True),
]


@pytest.mark.parametrize("op", FOLLOWERS, ids=str)
def test_operators_follow_the_permutation(op: Operator) -> None:
    graph = graph_of(lambda g: [g.add1(op, pooled(g, image(g), "a"), name="y")])
    after = MoveTransposes().run(graph)
    assert transposes(after) == 0
    assert_equivalent(graph, after)


def test_a_batch_norm_follows_and_keeps_its_parameters() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        norm = g.add1(BatchNorm(axis=1), pooled(g, image(g), "a"), *parameters(g), name="norm")
        return [pooled(g, norm, "b")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    norm = next(node for node in after.nodes if node.name == "norm")
    assert norm.op == BatchNorm(axis=3)
    assert transposes(after) == 0
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    "shape", [(), (1,), (5 - 1,), (CHANNELS, 1, 1), (1, CHANNELS, 1, 1), (5, 4)]
)
def test_broadcast_constants_turn_with_the_data(shape: tuple[int, ...]) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = pooled(g, image(g), "a")
        return [pooled(g, g.add1(Mul(), x, g.constant("c", random_array(*shape))), "b")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert transposes(after) == 0
    assert_equivalent(graph, after)


def test_residuals_and_concatenations_need_no_transpose() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = pooled(g, image(g), "a")
        y = g.add1(Add(), x, g.add1(Relu(), x))
        both = g.add1(Concatenation(axis=1), x, y, g.constant("c", random_array(1, 2, 5, 4)))
        return [pooled(g, both, "b")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert transposes(after) == 0
    assert next(n.op for n in after.nodes if n.op.name == "concatenation") == Concatenation(axis=3)
    assert_equivalent(graph, after)


def test_the_gate_of_a_squeeze_and_excite_block_needs_reshapes_only() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = pooled(g, image(g), "a")
        gate = g.add1(Mean(axes=(2, 3), keep_dims=True), x)
        flat = g.add1(Softmax(), g.add1(Reshape(shape=(1, CHANNELS)), gate))
        gate = g.add1(Reshape(shape=(1, CHANNELS, 1, 1)), flat)
        return [pooled(g, g.add1(Mul(), x, gate), "b")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert transposes(after) == 0
    assert_equivalent(graph, after)


def test_one_dimensional_data_passes_through_reshapes_that_add_an_axis() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 3, 8))
        for index in range(2):
            rows = g.add1(Transpose(perm=(0, 2, 1)), x, name=f"rows{index}")
            height, width = 1, g.type(rows).shape[1]
            flat = g.add1(Reshape(shape=(1, height, width, 3)), rows)
            y = g.add1(MaxPool2D(window=Window((1, 2), (1, 2))), flat)
            rows = g.add1(Reshape(shape=(1, width // 2, 3)), y)
            x = g.add1(Relu(), g.add1(Transpose(perm=(0, 2, 1)), rows))
        return [x]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert transposes(after) == 0
    assert dict(after.layouts) == {"x": (0, 2, 1), graph.outputs[0]: (0, 2, 1)}
    assert_equivalent(graph, after)


def test_where_the_order_of_axes_is_fixed_one_transpose_stays_just_there() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Relu(), pooled(g, image(g), "a"), name="r")
        return [g.add1(Reshape(shape=(1, 60)), x, name="flat"), pooled(g, x, "b")]

    check_pass(
        MoveTransposes(),
        graph_of(build),
        """
graph g
  input x: float32[1x6x5x3]
  a = max_pool2d(window=2x2)(x): float32[1x5x4x3]
  r = relu()(a): float32[1x5x4x3]
  r.t0312 = transpose(perm=(0, 3, 1, 2))(r): float32[1x3x5x4]
  flat = reshape(shape=(1, 60))(r.t0312): float32[1x60]
  b.nchw = max_pool2d(window=2x2)(r): float32[1x4x3x3]
  output flat
  output b.nchw""",
    )


def test_operands_in_different_orders_meet_with_one_transpose() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = pooled(g, image(g), "a")
        other = g.add1(Reshape(shape=(1, 3, 5, 4)), g.input("z", floats(60)))
        return [pooled(g, g.add1(Add(), x, other), "b")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert transposes(after) == 1
    assert_equivalent(graph, after)
    assert MoveTransposes().run(after) is after


def test_outputs_that_share_a_value_are_kept_apart() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = image(g)
        first = pooled(g, x, "a")
        last = g.add1(TO_LAST, first, name="last")
        return [first, last, g.add1(TO_LAST, x, name="turned_input")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert_equivalent(graph, after)
    assert MoveTransposes().run(after) is after


def test_a_pooled_vector_leaves_in_the_shape_of_the_source() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Mean(axes=(2, 3), keep_dims=True), pooled(g, image(g), "a"), name="y")]

    graph = graph_of(build)
    after = MoveTransposes().run(graph)
    assert after.types[after.outputs[0]].shape == (1, CHANNELS, 1, 1)
    assert "y" not in after.layouts
    assert_equivalent(graph, after)


def test_a_graph_without_transposes_is_left_alone() -> None:
    assert_untouched(MoveTransposes(), graph_of(lambda g: [g.add1(Relu(), image(g))]))
