"""Chooses the weights to zero: the smallest, the same share of each layer or of the network.

Source: Han et al. 2015 (Learning both weights and connections).
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import is_float


def weight_layers(graph: Graph) -> list[Node]:
    """Return the nodes with constant float weights."""
    return [
        node
        for node in graph.nodes
        if isinstance(node.op, WeightedLayer)
        and node.inputs[1] in graph.constants
        and is_float(graph.types[node.inputs[1]])
    ]


def shared_weights(graph: Graph) -> set[ValueName]:
    """Return the weights that several layers read, as the steps of a recurrent network do."""
    counts = Counter(node.inputs[1] for node in weight_layers(graph))
    return {value for value, count in counts.items() if count > 1}


def choose_weights(graph: Graph, share: float, *, across_layers: bool) -> dict[str, Array]:
    """Return the masks of the weights that stay, by node name; ``share`` of them do not.

    Across layers, weights are compared by their size relative to the mean of their layer.
    """
    layers = weight_layers(graph)
    sizes = {node.inputs[1]: _sizes(graph.constants[node.inputs[1]]) for node in layers}
    groups = [sizes] if across_layers else [{name: each} for name, each in sizes.items()]
    masks: dict[ValueName, Array] = {}
    for group in groups:
        masks |= _smallest_apart(group, share)
    return {node.name: masks[node.inputs[1]] for node in layers}


def masked(graph: Graph, masks: Mapping[str, Array]) -> Graph:
    """Return the graph with the weights outside the masks set to zero."""
    constants = dict(graph.constants)
    for node in graph.nodes:
        if node.name in masks:
            value = node.inputs[1]
            constants[value] = np.where(masks[node.name], constants[value], np.float32(0))
    return graph.with_nodes(graph.nodes, constants=constants)


def _sizes(weights: Array) -> Array:
    sizes = np.abs(weights.astype(np.float64))
    return np.asarray(sizes / max(float(sizes.mean()), np.finfo(np.float64).tiny))


def _smallest_apart(sizes: Mapping[ValueName, Array], share: float) -> dict[ValueName, Array]:
    """Return masks that leave out exactly ``share`` of all elements, the smallest."""
    everything = np.concatenate([each.ravel() for each in sizes.values()])
    flat = np.ones(everything.size, np.bool_)
    flat[np.argsort(everything, kind="stable")[: round(share * everything.size)]] = False
    masks, start = {}, 0
    for name, each in sizes.items():
        masks[name] = flat[start : start + each.size].reshape(each.shape)
        start += each.size
    return masks
