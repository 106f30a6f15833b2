"""Repair brings the outputs back, and keeps what must stay."""

from typing import TypedDict

import numpy as np
import pytest
from equivalence import assert_equivalent
from hypothesis import HealthCheck, given, settings
from prunable import HEADS, NETWORKS, Network, batch, network

from edgec.ir import Array, Graph, TensorType, ValueName, verify
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.operator import Activation
from edgec.pruning.channel_groups import map_channels
from edgec.pruning.channels import choose_channels
from edgec.pruning.refit import Reconstruction
from edgec.pruning.surgery import kept, remove_channels
from edgec.pruning.weight_choice import choose_weights, masked
from edgec.quantization.samples.batch_evaluator import BatchEvaluator

calm = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outputs(graph: Graph, inputs: dict[ValueName, Array]) -> Array:
    return BatchEvaluator(graph).run(inputs)[graph.outputs[0]]


def error(graph: Graph, other: Graph, seed: int = 1) -> float:
    x = batch(graph, 64, seed)
    return float(np.square(outputs(graph, x) - outputs(other, x)).mean())


def pruned(
    graph: Graph, *, channels: float = 0.0, weights: float = 0.0, samples: int = 96
) -> tuple[Graph, Graph]:
    """Return the graph without channels and weights, and the same repaired."""
    found = map_channels(graph)
    gone = choose_channels(found, channels, across_layers=False) if channels else set()
    smaller = remove_channels(found, gone)
    masks = choose_weights(smaller, weights, across_layers=False) if weights else {}
    layers = {**found.makers, **found.followers}
    left = {name: kept(found, gone, atoms) for name, atoms in layers.items()}
    broken = masked(smaller, masks)
    return broken, Reconstruction(graph, broken, left, masks, batch(graph, samples)).run()


BLOCKS = [("residual", 1), ("depthwise", 1), ("concat", 5), ("squeeze", 1), ("conv", 6)]


class Share(TypedDict, total=False):
    """What goes."""

    channels: float
    weights: float


@pytest.mark.parametrize("head", ["flatten", "mean"])
@pytest.mark.parametrize("share", [{"channels": 0.25}, {"weights": 0.4}])
def test_repair_lowers_the_error(head: str, share: Share) -> None:
    graph = network(BLOCKS, head)
    broken, repaired = pruned(graph, **share)
    verify(repaired)
    assert error(graph, repaired) < 0.5 * error(graph, broken)


@calm
@given(NETWORKS, HEADS)
def test_repair_keeps_shapes_and_does_no_harm(
    blocks: tuple[tuple[str, int], ...], head: str
) -> None:
    graph = network(blocks, head)
    broken, repaired = pruned(graph, channels=0.3)
    verify(repaired)
    assert repaired.types == broken.types
    assert error(graph, repaired) <= 1.2 * error(graph, broken) + 1e-3


def test_a_network_that_lost_nothing_is_not_touched() -> None:
    graph = network(BLOCKS, "flatten")
    layers = {**map_channels(graph).makers, **map_channels(graph).followers}
    whole = {name: np.ones(len(atoms), np.bool_) for name, atoms in layers.items()}
    assert Reconstruction(graph, graph, whole, {}, batch(graph, 8)).run() is graph


def test_zeros_stay_zeros() -> None:
    graph = network(BLOCKS, "flatten")
    broken, repaired = pruned(graph, weights=0.5)
    for node in repaired.nodes:
        if "w" in "".join(node.inputs[1:]):
            before, after = (g.constants[node.inputs[1]] for g in (broken, repaired))
            assert (after[before == 0] == 0).all()
            assert np.count_nonzero(after) == np.count_nonzero(before)


def test_what_is_redundant_is_repaired_completely() -> None:
    """Neurons that are sums of others can go without any loss, as the next layer makes up."""
    net = Network()
    x = net.g.input("x", TensorType((1, 6)))
    hidden = net.dense(x, 9)
    graph = net.g.build([net.dense(hidden, 3)])
    broken, repaired = pruned(graph, channels=3 / 9)
    assert error(graph, broken) > 1e-2
    assert_equivalent(graph, repaired, tolerance=1e-3)


def test_a_layer_makes_up_for_the_branch_it_is_added_to() -> None:
    """The branch computes what it is added to over again: all that the sum lost comes back."""
    net = Network()
    x = net.g.input("x", TensorType((1, 6)))
    trunk = net.dense(net.dense(x, 12), 6)
    branch = net.dense(x, 6)
    graph = net.g.build([net.g.add1(Add(), trunk, branch)])
    _, repaired = pruned(graph, channels=0.75)
    assert_equivalent(graph, repaired, tolerance=1e-3)


def test_a_layer_too_wide_to_fit_gets_its_mean_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgec.pruning.refit._WIDEST", 1)
    graph = network([("conv", 7)], "flatten")
    broken, repaired = pruned(graph, channels=0.25)
    node = next(each for each in graph.nodes if each.name == "dense")
    x = batch(graph, 96)
    wanted, before, after = (
        BatchEvaluator(g).run(x)[node.outputs[0]].mean(axis=0) for g in (graph, broken, repaired)
    )
    np.testing.assert_allclose(after, wanted, atol=1e-4)
    assert np.abs(before - wanted).max() > 1e-2


def test_a_bias_is_added_where_it_is_needed() -> None:
    net = Network()
    x = net.conv(net.g.input("x", TensorType((1, 4, 4, 3))), 8, act=Activation.NONE)
    graph = net.g.build([net.g.add1(FullyConnected(), x, net.weight(5, 128), name="head")])
    broken, repaired = pruned(graph, channels=0.5)
    assert [len(node.inputs) for node in repaired.nodes] == [3, 3]
    assert error(graph, repaired) < 0.5 * error(graph, broken)


def test_shared_weights_stay_shared() -> None:
    """Two steps with the same weights: zeros are the same for both, and no copy is made."""
    net = Network()
    x, weights = net.g.input("x", TensorType((1, 6))), net.weight(6, 6)
    for _ in range(2):
        x = net.g.add1(FullyConnected(), x, weights, name="step")
    graph = net.g.build([net.dense(x, 3)])
    broken, repaired = pruned(graph, weights=0.5)
    assert repaired.nodes[0].inputs[1] == repaired.nodes[1].inputs[1] == weights
    assert np.count_nonzero(repaired.constants[weights]) == 18
    assert set(repaired.constants) == set(graph.constants)
    assert error(graph, repaired) < error(graph, broken)
