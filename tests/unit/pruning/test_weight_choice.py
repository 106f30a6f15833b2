"""Which weights are zeroed."""

import numpy as np
from prunable import network

from edgec.pruning.weight_choice import choose_weights, masked, weight_layers

GRAPH = network([("depthwise", 1), ("residual", 1)], "flatten")


def test_each_layer_loses_its_smallest() -> None:
    masks = choose_weights(GRAPH, 0.5, across_layers=False)
    layers = weight_layers(GRAPH)
    assert [node.name for node in layers] == list(masks)
    for node in layers:
        sizes, mask = np.abs(GRAPH.constants[node.inputs[1]]), masks[node.name]
        assert (~mask).sum() == round(0.5 * mask.size)
        assert sizes[~mask].max() <= sizes[mask].min()


def test_across_layers_the_share_is_of_all() -> None:
    masks = choose_weights(GRAPH, 0.3, across_layers=True)
    total = sum(mask.size for mask in masks.values())
    assert sum(int((~mask).sum()) for mask in masks.values()) == round(0.3 * total)
    shares = [float((~mask).mean()) for mask in masks.values()]
    assert max(shares) > min(shares)


def test_masked_weights_are_zero_and_others_as_before() -> None:
    masks = choose_weights(GRAPH, 0.5, across_layers=False)
    after = masked(GRAPH, masks)
    for node in weight_layers(GRAPH):
        old, new = (g.constants[node.inputs[1]] for g in (GRAPH, after))
        np.testing.assert_array_equal(new, old * masks[node.name])


def test_exactly_the_share_goes_where_many_weights_are_equal() -> None:
    constants = {value: np.ones_like(array) for value, array in GRAPH.constants.items()}
    graph = GRAPH.with_nodes(GRAPH.nodes, constants=constants)
    for mask in choose_weights(graph, 0.25, across_layers=False).values():
        assert (~mask).sum() == round(0.25 * mask.size)
