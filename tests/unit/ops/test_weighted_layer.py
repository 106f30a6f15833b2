"""What layers with weights say of themselves, against what they compute."""

import numpy as np
import pytest

from edgec.ir import Array, Signature, TensorType
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.layers.weighted_layer import MatrixLayer, WeightedLayer
from edgec.ops.layers.windows import Window
from edgec.ops.operator import Activation

IMAGE = (1, 5, 4, 6)
WINDOW = Window((3, 2), pads=(1, 0, 0, 1))
LAYERS = [
    pytest.param(Conv2D(window=WINDOW), IMAGE, (4, 3, 2, 6), 1, id="conv"),
    pytest.param(Conv2D(window=WINDOW), IMAGE, (4, 3, 2, 3), 2, id="conv_of_two_groups"),
    pytest.param(DepthwiseConv2D(window=WINDOW), IMAGE, (1, 3, 2, 12), 6, id="depthwise"),
    pytest.param(FullyConnected(keep_num_dims=True), IMAGE, (4, 6), 1, id="dense"),
    pytest.param(FullyConnected(), IMAGE, (4, 120), 1, id="dense_of_an_image"),
    pytest.param(
        TransposeConv2D(strides=(2, 2), crop=(0, 1), size=(9, 7)),
        IMAGE,
        (4, 3, 2, 6),
        1,
        id="transpose_conv",
    ),
]
each_layer = pytest.mark.parametrize(("layer", "shape", "weights", "groups"), LAYERS)


def drawn(*shape: int) -> Array:
    return np.random.default_rng(len(shape)).uniform(0.5, 2, shape).astype(np.float32)


def result(layer: WeightedLayer, x: Array, weights: Array) -> Array:
    kinds = (TensorType(x.shape), TensorType(weights.shape))
    (y,) = layer.evaluate([x, weights], Signature(kinds, layer.infer(kinds)))
    return y


@each_layer
def test_factors_of_channels_move_into_the_weights_that_read_them(
    layer: WeightedLayer, shape: tuple[int, ...], weights: tuple[int, ...], groups: int
) -> None:
    x, w, factors = drawn(*shape), drawn(*weights), drawn(shape[-1])
    reads = layer.reads(weights, shape[-1])
    assert reads is not None
    got = result(layer, x * factors, np.asarray(w / factors[reads]))
    np.testing.assert_allclose(got, result(layer, x, w), rtol=1e-4)


@each_layer
def test_gains_of_outputs_are_those_of_their_weights(
    layer: WeightedLayer, shape: tuple[int, ...], weights: tuple[int, ...], groups: int
) -> None:
    x, w, gains = drawn(*shape), drawn(*weights), drawn(weights[layer.output_axis])
    got = result(layer, x, np.asarray(w * layer.along_outputs(gains, w.ndim)))
    np.testing.assert_allclose(got, result(layer, x, w) * gains, rtol=1e-4)


@each_layer
def test_a_channel_reaches_the_outputs_of_its_group(
    layer: WeightedLayer, shape: tuple[int, ...], weights: tuple[int, ...], groups: int
) -> None:
    channels, outputs = shape[-1], weights[layer.output_axis]
    assert layer.groups(weights, channels) == groups
    x, w = drawn(*shape), drawn(*weights)
    y = result(layer, x, w)
    for channel in range(channels):
        other = x.copy()
        other[..., channel] += 1
        changed = (result(layer, other, w) != y).any(axis=tuple(range(y.ndim - 1)))
        group = np.arange(outputs) * groups // outputs
        np.testing.assert_array_equal(changed, group == channel * groups // channels)


@each_layer
def test_an_output_is_a_sum_over_the_other_axes(
    layer: WeightedLayer, shape: tuple[int, ...], weights: tuple[int, ...], groups: int
) -> None:
    """At most: patches of a transposed convolution meet in some places; padding leaves some out."""
    ones = np.ones(weights, np.float32)
    sums = ones.sum(axis=layer.summed_axes(ones.ndim))
    y = result(layer, np.ones(shape, np.float32), ones)
    assert sums.shape == y.shape[-1:]
    assert (y <= sums).all()
    if isinstance(layer, MatrixLayer):
        assert y.max() == sums.max()
        assert bool(y.min() < sums.min()) is layer.pads


def test_a_flattened_image_has_no_place_for_each_channel() -> None:
    assert FullyConnected().has_place_for((4, 6), 6)
    assert not FullyConnected().has_place_for((4, 12), 6)
    assert Conv2D(window=WINDOW).has_place_for((4, 3, 2, 3), 6)


def test_rows_that_split_the_channels_read_none_of_them() -> None:
    """Two rows of 3 in one of 6: a weight reads channels 0 and 3."""
    assert FullyConnected().reads((4, 3), 6) is None


@pytest.mark.parametrize("layer", [Conv2D(window=WINDOW), DepthwiseConv2D(window=WINDOW)], ids=str)
def test_zeros_around_x_are_padding(layer: WeightedLayer) -> None:
    x, w = drawn(*IMAGE), drawn(*((1, 3, 2, 12) if layer.input_axis is None else (4, 3, 2, 6)))
    padded = layer.padded((1, 2, 0, 3))
    assert padded is not None
    zeros = np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)))
    np.testing.assert_allclose(result(padded, x, w), result(layer, zeros, w), rtol=1e-5)
    assert FullyConnected().padded((1, 1, 1, 1)) is None


def test_clamps_join_where_one_does_the_same() -> None:
    relu6 = FullyConnected().clamped(Activation.RELU6)
    assert relu6 == FullyConnected(activation=Activation.RELU6)
    assert relu6.clamped(Activation.RELU) == relu6
    assert relu6.clamped(Activation.RELU_N1_TO_1) is None  # would end at 0 and 1
    assert relu6.unclamped() == FullyConnected()
