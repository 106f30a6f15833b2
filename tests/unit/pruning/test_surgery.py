"""Removing channels that nobody listens to changes nothing: on random networks."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from equivalence import assert_equivalent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx_models import save
from prunable import HEADS, NETWORKS, Network, network
from random_models import CHOICES, INPUT_SHAPES, Choice, Shape, random_model

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.pipelines import optimize_float
from edgec.pruning.channel_groups import ChannelMap, map_channels
from edgec.pruning.channels import choose_channels, empties_a_layer, families
from edgec.pruning.surgery import kept, remove_channels

calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHARES = st.sampled_from([0.1, 0.25, 0.5, 0.9])


def deaf(channels: ChannelMap, removed: set[int]) -> Graph:
    """Return the graph with all weights zero by which layers read removed channels."""
    constants: dict[ValueName, Array] = dict(channels.graph.constants)
    for node in channels.graph.nodes:
        if node.name in channels.makers:
            _, columns, *_ = channels.cuts[node.name]
            mask = kept(channels, removed, columns.atoms)
            extent = [1] * constants[node.inputs[1]].ndim
            extent[columns.axis] = -1
            weights = constants[node.inputs[1]] * mask.reshape(extent)
            constants[node.inputs[1]] = weights.astype(np.float32)
    return channels.graph.with_nodes(channels.graph.nodes, constants=constants)


def check_exact(graph: Graph, share: float, *, across_layers: bool) -> ChannelMap:
    channels = map_channels(graph)
    removed = choose_channels(channels, share, across_layers=across_layers)
    smaller = remove_channels(channels, removed)
    assert_equivalent(deaf(channels, removed), smaller)
    assert parameters(smaller) < parameters(graph) if removed else smaller == graph
    return channels


def parameters(graph: Graph) -> int:
    return sum(array.size for array in graph.constants.values())


@calm
@given(NETWORKS, HEADS, SHARES, st.booleans())
def test_surgery_is_exact(
    blocks: tuple[tuple[str, int], ...], head: str, share: float, across_layers: bool
) -> None:
    check_exact(network(blocks, head), share, across_layers=across_layers)


@calm
@given(INPUT_SHAPES, CHOICES, st.integers(0, 9), SHARES)
def test_surgery_is_exact_on_imported_models(
    shape: Shape, choices: list[Choice], extra: int, share: float
) -> None:
    with TemporaryDirectory() as folder:
        graph = load_onnx(save(random_model(shape, choices, extra), Path(folder)))
    check_exact(optimize_float(graph), share, across_layers=False)


@calm
@given(NETWORKS, HEADS)
def test_any_class_can_go_alone(blocks: tuple[tuple[str, int], ...], head: str) -> None:
    channels = map_channels(network(blocks, head))
    for family in families(channels):
        removed = {family.ranked()[0]}
        if not empties_a_layer(channels, removed):
            assert_equivalent(deaf(channels, removed), remove_channels(channels, removed))


def test_all_blocks_together_lose_half() -> None:
    """One network with everything in it: no layer but the last keeps all of its channels."""
    blocks = [("residual", 1), ("depthwise", 1), ("concat", 4), ("squeeze", 1), ("scale", 2)]
    graph = network([*blocks, ("turn", 1), ("max_pool", 1), ("conv", 5)], "flatten")
    channels = check_exact(graph, 0.5, across_layers=False)
    smaller = remove_channels(channels, choose_channels(channels, 0.5, across_layers=False))
    for node in graph.nodes:
        before, after = (g.types[node.outputs[0]].shape[-1] for g in (graph, smaller))
        assert after <= before / 2 + 1 or node.name in {"dense", "softmax"}
        assert after < before or node.name in {"dense", "softmax"}


def test_shared_biases_are_cut_for_each_reader() -> None:
    """Two layers read one bias, and only one of them loses outputs."""
    net = Network()
    bias = net.weight(4)
    x = net.g.input("x", TensorType((1, 4)))
    first = net.g.add1(FullyConnected(), x, net.weight(4, 4), bias, name="first")
    second = net.g.add1(FullyConnected(), first, net.weight(4, 4), bias, name="second")
    graph = net.g.build([second])
    channels = map_channels(graph)
    smaller = remove_channels(channels, {int(channels.makers["first"][1])})
    shapes: Mapping[str, tuple[int, ...]] = {
        node.name: smaller.constants[node.inputs[2]].shape for node in smaller.nodes
    }
    assert shapes == {"first": (3,), "second": (4,)}
