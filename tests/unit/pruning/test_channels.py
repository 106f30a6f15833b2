"""Which channels are chosen, and how many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prunable import Network, network

from edgec.ir import Graph, TensorType, ValueName
from edgec.pruning.channel_groups import map_channels
from edgec.pruning.channels import choose_channels, convenient, families, relative_norms
from edgec.pruning.surgery import remove_channels


def two_layers(first: list[float], second: list[float]) -> Graph:
    """Return dense -> dense -> dense whose neurons have these L1 norms."""
    net = Network()
    x = net.g.input("x", TensorType((1, 2)))
    for number, norms in enumerate((first, second)):
        x = net.dense(x, len(norms))
        name = ValueName(f"w.{2 * number + 1}" if number else "w")
        weights = net.g.constant_value(name)
        assert weights is not None
        weights *= np.array(norms)[:, None] / np.abs(weights).sum(axis=1, keepdims=True)
    return net.g.build([net.dense(x, 2)])


def chosen(graph: Graph, share: float, *, across_layers: bool = False) -> list[list[int]]:
    """Return the removed outputs of each layer."""
    channels = map_channels(graph)
    removed = choose_channels(channels, share, across_layers=across_layers)
    return [
        np.flatnonzero(np.isin(channels.atoms.roots(atoms), list(removed))).tolist()
        for atoms in channels.makers.values()
    ]


def test_the_smallest_filters_of_each_layer_go() -> None:
    graph = two_layers([3, 1, 4, 2], [0.5, 0.7, 0.6, 0.1])
    assert chosen(graph, 0.5) == [[1, 3], [0, 3], []]


def test_across_layers_the_smallest_relative_to_their_layer_go() -> None:
    graph = two_layers([100, 1, 2, 101], [0.9, 1, 1.1, 1])
    assert chosen(graph, 0.25, across_layers=True) == [[1, 2], [], []]


def test_no_layer_is_emptied() -> None:
    graph = two_layers([1, 2, 3], [4, 5])
    assert chosen(graph, 0.99) == [[0, 1], [0], []]


def test_no_layer_is_emptied_by_those_it_is_tied_to() -> None:
    """A layer of one channel and one of two are both parts of what a third is added to."""
    net = Network()
    x = net.g.input("x", TensorType((1, 4, 4, 3)))
    narrow = net.conv(x, 1)
    graph = net.g.build([net.dense(net.residual(net.concat(narrow, 2)), 2)])
    channels = map_channels(graph)
    smaller = remove_channels(channels, choose_channels(channels, 0.9, across_layers=False))
    assert smaller.types[narrow].shape[-1] == 1
    assert all(min(kind.shape) > 0 for kind in smaller.types.values())


def test_norms_count_all_layers_of_a_family() -> None:
    """A channel that is small in one layer of a residual, large in the other, is average."""
    graph = network([("residual", 1)], "mean")
    channels = map_channels(graph)
    (tied,) = (each for each in families(channels) if len(each.layers) == 2)
    parts = [
        relative_norms(graph.constants[node.inputs[1]], 0)
        for node in graph.nodes
        if node.name in tied.layers
    ]
    np.testing.assert_allclose(sorted(tied.scores.values()), sorted(np.mean(parts, axis=0)))


@pytest.mark.parametrize(
    ("keep", "total", "expected"),
    [
        (48, 64, 48),
        (90, 120, 88),
        (30, 40, 28),
        (63, 84, 64),
        (9, 12, 9),
        (0, 3, 1),
        (0, 64, 1),
        (61, 64, 60),
    ],
)
def test_convenient_numbers(keep: int, total: int, expected: int) -> None:
    assert convenient(keep, total) == expected


@given(st.integers(0, 300), st.integers(1, 300))
def test_convenient_is_near(keep: int, total: int) -> None:
    result = convenient(min(keep, total), total)
    assert 1 <= result <= total
    assert abs(result - max(1, min(keep, total))) <= total / 16
