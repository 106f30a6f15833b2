"""Scores by least error: what the readers of a channel lack after the best refit."""

import numpy as np
from hypothesis import given, settings
from prunable import HEADS, NETWORKS, Network, batch, network

from edgec.ir import Array, Graph, TensorType
from edgec.pruning.channel_groups import map_channels
from edgec.pruning.channels import families
from edgec.pruning.surgeon import by_least_error
from edgec.quantization.samples.batch_evaluator import BatchEvaluator


def two_dense(hidden: int) -> Graph:
    net = Network()
    x = net.g.input("x", TensorType((1, 5)))
    return net.g.build([net.dense(net.dense(x, hidden), 3)])


def order(graph: Graph, count: int = 400) -> tuple[list[int], list[float]]:
    """Return the channels of the only family, the cheapest first, and their scores."""
    channels = map_channels(graph)
    (family,) = by_least_error(channels, batch(graph, count, seed=3))
    (atoms,) = (a for a in channels.makers.values() if set(family.scores) & set(a.tolist()))
    places = {each: place for place, each in enumerate(channels.atoms.roots(atoms).tolist())}
    return [places[each] for each in family.ranked()], sorted(family.scores.values())


def test_a_channel_that_others_tell_is_free() -> None:
    """Neuron 4 is the sum of neurons 0 and 1, and the largest; neuron 2 is the smallest."""
    graph = two_dense(5)
    first, *_ = (node for node in graph.nodes if node.name in map_channels(graph).makers)
    weights = graph.constants[first.inputs[1]].copy()
    weights[4] = weights[0] + weights[1]
    weights[2] *= 0.5
    constants = {**graph.constants, first.inputs[1]: weights}
    ranked, scores = order(graph.with_nodes(graph.nodes, constants=constants))
    assert ranked[0] in {0, 1, 4}
    assert scores[0] < 0.1 * scores[1]


def test_the_first_score_is_the_error_of_the_best_refit() -> None:
    graph = two_dense(4)
    inputs = batch(graph, 400, seed=3)
    second = next(node for node in reversed(graph.nodes) if len(node.inputs) > 1)
    values = BatchEvaluator(graph).run(inputs)
    x = values[second.inputs[0]].reshape(400, -1).astype(np.float64)
    y = values[second.outputs[0]].reshape(400, -1).astype(np.float64)
    energy = np.square(y - y.mean(axis=0)).sum()
    errors = [residual(np.delete(x, each, axis=1), y) / energy for each in range(x.shape[1])]
    ranked, scores = order(graph)
    assert ranked[0] == int(np.argmin(errors))
    np.testing.assert_allclose(scores[0], min(errors), rtol=0.05)


def residual(x: Array, y: Array) -> float:
    x = np.hstack([x, np.ones((len(x), 1))])
    weights, *_ = np.linalg.lstsq(x, y, rcond=None)
    return float(np.square(y - x @ weights).sum())


@settings(max_examples=25, deadline=None)
@given(NETWORKS, HEADS)
def test_every_class_has_a_score(blocks: tuple[tuple[str, int], ...], head: str) -> None:
    graph = network(blocks, head)
    channels = map_channels(graph)
    found = by_least_error(channels, batch(graph, 20, seed=1))
    assert [each.layers for each in found] == [each.layers for each in families(channels)]
    for mine, sizes in zip(found, families(channels), strict=True):
        assert mine.scores.keys() == sizes.scores.keys()
        assert all(np.isfinite(score) and score >= 0 for score in mine.scores.values())
        assert len(set(mine.scores.values())) == len(mine.scores)
