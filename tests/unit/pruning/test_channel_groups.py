"""Which channels go together, operator by operator, and what holds them."""

from collections.abc import Callable

import numpy as np
from prunable import Network

from edgec.ir import Graph, TensorType, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.functions.abs import Abs
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Activation
from edgec.ops.reductions.mean import Mean
from edgec.pruning.channel_groups import map_channels
from edgec.pruning.channels import families


def family_sizes(
    build: Callable[[Network, ValueName], ValueName], *, classify: bool = True
) -> dict[tuple[str, ...], int]:
    """Return removable classes by layers, of conv (4 channels) -> what is built -> dense."""
    net = Network()
    x = net.conv(net.g.input("x", TensorType((1, 4, 4, 3))), 4)
    y = build(net, x)
    return sizes(net.g.build([net.dense(y, 2) if classify else y]))


def sizes(graph: Graph) -> dict[tuple[str, ...], int]:
    return {each.layers: len(each.scores) for each in families(map_channels(graph))}


def test_outputs_of_the_graph_stay() -> None:
    def nothing(_: Network, x: ValueName) -> ValueName:
        return x

    assert family_sizes(nothing, classify=False) == {}
    assert family_sizes(nothing) == {("conv",): 4}


def test_a_residual_connection_ties_two_layers() -> None:
    found = family_sizes(Network.residual)
    assert found == {("conv", "conv.3"): 4, ("conv.2",): 4}


def test_an_addition_to_an_input_holds_the_channels() -> None:
    net = Network()
    x = net.g.input("x", TensorType((1, 4, 4, 3)))
    y = net.g.add1(Add(), x, net.conv(x, 3))
    assert sizes(net.g.build([net.dense(y, 2)])) == {}


def test_a_concatenation_ties_nothing() -> None:
    assert family_sizes(lambda net, x: net.concat(x, 5)) == {("conv",): 4, ("conv.2",): 5}


def test_a_concatenation_of_rows_ties_channels() -> None:
    def build(net: Network, x: ValueName) -> ValueName:
        return net.g.add1(Concatenation(axis=1), x, net.conv(x, 4))

    assert family_sizes(build) == {("conv", "conv.2"): 4}


def test_a_value_concatenated_with_itself_and_added() -> None:
    """Channel i of the first layer meets channels i and i + 4 of the second: one class."""

    def build(net: Network, x: ValueName) -> ValueName:
        twice = net.g.add1(Concatenation(axis=3), x, x)
        return net.g.add1(Add(), twice, net.conv(x, 8))

    assert family_sizes(build) == {("conv", "conv.2"): 4}


def test_a_depthwise_layer_follows() -> None:
    assert family_sizes(lambda net, x: net.depthwise(x, 2)) == {("conv",): 4}


def test_a_grouped_convolution_holds_its_inputs_and_outputs() -> None:
    def build(net: Network, x: ValueName) -> ValueName:
        op = Conv2D(window=Window((1, 1)), activation=Activation.NONE)
        return net.g.add1(op, x, net.weight(6, 1, 1, 2), name="grouped")

    assert family_sizes(build) == {}


def test_layers_that_share_weights_hold_their_channels() -> None:
    """As the steps of a recurrent network do: cut weights would be a copy for each of them."""

    def build(net: Network, x: ValueName) -> ValueName:
        weights = net.weight(4, 1, 1, 4)
        for _ in range(2):
            x = net.g.add1(Conv2D(window=Window((1, 1))), x, weights, name="step")
        return x

    assert family_sizes(build) == {}


def test_operators_that_treat_channels_alike_let_them_through() -> None:
    def build(net: Network, x: ValueName) -> ValueName:
        x = net.g.add1(Clip(low=0.1, high=0.9), net.g.add1(Abs(), x))
        x = net.g.add1(Pad(paddings=((0, 0), (1, 1), (0, 0), (0, 0)), value=0.5), x)
        return net.g.add1(Mean(axes=(1, 2)), x)

    assert family_sizes(build) == {("conv",): 4}


def test_operators_that_mix_channels_hold_them() -> None:
    assert family_sizes(lambda net, x: net.g.add1(Softmax(), x)) == {}
    assert family_sizes(lambda net, x: net.g.add1(Mean(axes=(3,)), x)) == {}


def test_padding_of_channels_holds_them() -> None:
    paddings = ((0, 0), (0, 0), (0, 0), (0, 2))
    assert family_sizes(lambda net, x: net.g.add1(Pad(paddings=paddings), x)) == {}


def test_transposes_and_reshapes_carry_channels() -> None:
    def build(net: Network, x: ValueName) -> ValueName:
        x = net.g.add1(Transpose(perm=(0, 3, 1, 2)), x)
        return net.g.add1(Reshape(shape=(1, 64)), net.g.add1(Reshape(shape=(1, 4, 16)), x))

    assert family_sizes(build) == {("conv",): 4}


def test_a_reshape_that_mixes_channels_with_places_holds_them() -> None:
    assert family_sizes(lambda net, x: net.g.add1(Reshape(shape=(1, 8, 4, 2)), x)) == {}


def test_flattened_channels_are_blocks_of_columns() -> None:
    net = Network()
    x = net.conv(net.g.input("x", TensorType((1, 2, 3, 1))), 4)
    found = map_channels(net.g.build([net.dense(x, 2)]))
    columns = next(cut for cut in found.cuts["dense"] if cut.axis == 1)
    np.testing.assert_array_equal(columns.atoms, np.tile(found.makers["conv"], 6))


def test_constants_per_channel_are_cut_with_them() -> None:
    net = Network()
    x = net.conv(net.g.input("x", TensorType((1, 4, 4, 3))), 4)
    y = net.g.add1(Add(), net.weight(4), net.block("scale", x, 2), name="shift")
    found = map_channels(net.g.build([net.dense(y, 2)]))
    assert [(cut.index, cut.axis) for cut in found.cuts["scale"]] == [(1, 3)]
    assert [(cut.index, cut.axis) for cut in found.cuts["shift"]] == [(0, 0)]
