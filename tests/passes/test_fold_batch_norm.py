import numpy as np
from equivalence import assert_equivalent, check_pass, floats, graph_of, random_array

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.layers.batch_norm import BatchNorm
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation
from edgec.passes.folding.fold_batch_norm import FoldBatchNorm

WINDOW = Window((3, 3), pads=(1, 1, 1, 1))


def normed(g: GraphBuilder, x: ValueName, channels: int, axis: int, name: str) -> ValueName:
    parameters = [g.constant(f"{name}{i}", abs(random_array(channels, seed=i))) for i in range(4)]
    return g.add1(BatchNorm(axis=axis), x, *parameters, name=name)


def test_it_goes_into_the_convolution_before_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 2))
        conv = g.add1(Conv2D(window=WINDOW), x, g.constant("w", random_array(3, 3, 3, 2)), name="c")
        return [normed(g, conv, 3, 3, "n")]

    after = check_pass(
        FoldBatchNorm(),
        graph_of(build),
        """
graph g
  input x: float32[1x4x4x2]
  const w.folded: float32[3x3x3x2]
  const c.bias: float32[3]
  n = conv2d(window=3x3 pads=(1, 1, 1, 1))(x, w.folded, c.bias): float32[1x4x4x3]
  output n""",
    )
    assert after.nodes[0].name == "c"
    assert after.nodes[0].origins == ("c", "n")


def test_it_is_rounded_as_pytorch_rounds_it() -> None:
    """dynamo folds in float32, TorchScript leaves the norm: from both come the same weights."""
    rng = np.random.default_rng(5)
    w, b, scale, shift, mean, variance = (
        rng.uniform(0.1, 2, shape).astype(np.float32) for shape in ((64, 3, 3, 8), *[(64,)] * 5)
    )

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 8))
        layer = [g.constant(name, array) for name, array in (("w", w), ("b", b))]
        known = [g.constant(f"n{i}", p) for i, p in enumerate((scale, shift, mean, variance))]
        y = g.add1(Conv2D(window=WINDOW), x, *layer, name="c")
        return [g.add1(BatchNorm(axis=3, epsilon=1e-5), y, *known)]

    after = FoldBatchNorm().run(graph_of(build))
    gain = scale / np.sqrt(variance + np.float32(1e-5))
    folded, bias = (after.constants[value] for value in after.nodes[0].inputs[1:])
    np.testing.assert_array_equal(folded, w * gain[:, None, None, None])
    np.testing.assert_array_equal(bias, (b - mean) * gain + shift)


def test_it_goes_into_depthwise_and_fully_connected_layers() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 2))
        w, b = g.constant("w", random_array(1, 3, 3, 4)), g.constant("b", random_array(4))
        y = normed(g, g.add1(DepthwiseConv2D(window=WINDOW), x, w, b), 4, 3, "n")
        fc = g.add1(FullyConnected(), y, g.constant("v", random_array(5, 64)))
        return [normed(g, fc, 5, 1, "m")]

    graph = graph_of(build)
    after = FoldBatchNorm().run(graph)
    assert [node.op.name for node in after.nodes] == ["depthwise_conv2d", "fully_connected"]
    assert_equivalent(graph, after)


def test_it_goes_into_the_fully_connected_layer_after_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Relu(), normed(g, g.input("x", floats(1, 6)), 6, 1, "n"))
        y = normed(g, x, 6, 1, "m")
        return [g.add1(FullyConnected(), y, g.constant("w", random_array(2, 6)))]

    graph = graph_of(build)
    after = FoldBatchNorm().run(graph)
    assert [node.op.name for node in after.nodes] == ["mul", "add", "relu", "fully_connected"]
    assert_equivalent(graph, after)


def test_behind_an_activation_or_a_shared_layer_it_becomes_mul_and_add() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 2))
        w = g.constant("w", random_array(2, 3, 3, 2))
        clamped = g.add1(Conv2D(window=WINDOW, activation=Activation.RELU), x, w)
        shared = g.add1(Conv2D(window=WINDOW), x, w)
        return [shared, normed(g, clamped, 2, 3, "n"), normed(g, shared, 2, 3, "m")]

    graph = graph_of(build)
    after = FoldBatchNorm().run(graph)
    names = [node.op.name for node in after.nodes]
    assert names == ["conv2d", "conv2d", "mul", "add", "mul", "add"]
    assert_equivalent(graph, after)


def test_over_an_inner_axis_it_becomes_mul_and_add() -> None:
    graph = graph_of(lambda g: [normed(g, g.input("x", floats(1, 3, 4, 2)), 3, 1, "n")])
    check_pass(
        FoldBatchNorm(),
        graph,
        """
graph g
  input x: float32[1x3x4x2]
  const n.gain: float32[3x1x1]
  const n.offset: float32[3x1x1]
  n/mul = mul()(x, n.gain): float32[1x3x4x2]
  n = add()(n/mul, n.offset): float32[1x3x4x2]
  output n""",
    )


def test_over_another_axis_of_as_many_elements_it_stays_outside_the_layer() -> None:
    """Height 4 of 4 channels; 4 rows of a layer with 4 inputs and outputs."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4, 4, 2))
        conv = g.add1(Conv2D(window=WINDOW), x, g.constant("w", random_array(4, 3, 3, 2)), name="c")
        rows = g.add1(FullyConnected(), g.input("y", floats(4, 4)), g.constant("v", square()))
        before = normed(g, g.input("z", floats(4, 4)), 4, 0, "l")
        after = g.add1(FullyConnected(), before, g.constant("u", square()))
        return [normed(g, conv, 4, 1, "n"), normed(g, rows, 4, 0, "m"), after]

    graph = graph_of(build)
    after = FoldBatchNorm().run(graph)
    assert sorted(node.op.name for node in after.nodes) == [
        *(["add"] * 3),
        "conv2d",
        *(["fully_connected"] * 2),
        *(["mul"] * 3),
    ]
    assert_equivalent(graph, after)


def square() -> Array:
    return random_array(4, 4)
