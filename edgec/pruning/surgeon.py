"""Scores channels by what their readers would lack, once these have made up for it.

The channels of a family are taken away one by one, each time that whose loss costs the layers that
read it least, when all that they still read is refitted by least squares. What a channel costs at
its turn is its score. Source: Hassibi and Stork 1993 (Optimal Brain Surgeon), in groups as in
Kurtic et al. 2023 (ZipLM).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, Node
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.pruning.channel_groups import ChannelMap
from edgec.pruning.channels import Family, families
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.weights.weight_rows import input_rows

# Chosen by hand; no measurement is on record of these numbers: here a covariance is inverted and
# changed with every channel that goes, so it is half as wide as in the refit, and samples half as
# many rows.
_WIDEST = 2048  # inputs of an output; readers with more have no say
_ROWS = 100_000  # of a layer's inputs: more do not change the order
_RIDGE = 1e-3  # on the diagonal of the inputs' covariance, times its mean
_TINY = 1e-30


def by_least_error(channels: ChannelMap, inputs: Values) -> list[Family]:
    """Return the families with scores from ``inputs`` [samples, *shape] of the whole graph.

    Scores are shares of the readers' energy, so they compare across families.
    """
    found = families(channels)
    readers = list(_readers(channels, BatchEvaluator(channels.graph).run(inputs)))
    return [replace(each, scores={**each.scores, **_eliminate(each, readers)}) for each in found]


@dataclass(eq=False)
class _Reader:
    """A layer: weights [outputs, inputs], the inverse covariance of inputs, the class of each."""

    weights: Array
    inverse: Array
    classes: Array
    energy: float

    def cost(self, each: int) -> float:
        """Return what the outputs lose, as a share of their energy, without a class of inputs."""
        at = np.flatnonzero(self.classes == each)
        if not at.size:
            return 0.0
        lost = self.weights[:, at]
        solved = np.linalg.solve(self.inverse[np.ix_(at, at)], lost.T)
        return float((lost * solved.T).sum()) / self.energy

    def remove(self, each: int) -> None:
        """Take a class of inputs away and refit the weights of the others."""
        at = np.flatnonzero(self.classes == each)
        if not at.size:
            return
        step = np.linalg.solve(self.inverse[np.ix_(at, at)], self.inverse[at])
        self.weights = self.weights - self.weights[:, at] @ step
        self.inverse = self.inverse - self.inverse[:, at] @ step
        left = np.flatnonzero(self.classes != each)
        self.weights, self.classes = self.weights[:, left], self.classes[left]
        self.inverse = self.inverse[np.ix_(left, left)]


def _eliminate(family: Family, readers: Sequence[_Reader]) -> dict[int, float]:
    """Return the scores of a family's classes; none where nobody reads them."""
    left = set(family.scores)
    mine = [replace(each) for each in readers if left.intersection(each.classes.tolist())]
    scores: dict[int, float] = {}
    last = 0.0
    while left and mine:
        costs = {each: sum(reader.cost(each) for reader in mine) for each in sorted(left)}
        cheapest = min(costs, key=costs.__getitem__)
        last = max(costs[cheapest], float(np.nextafter(last, np.inf)))
        scores[cheapest] = last
        left.remove(cheapest)
        for reader in mine:
            reader.remove(cheapest)
    return scores


def _readers(channels: ChannelMap, values: Values) -> Iterator[_Reader]:
    for node in channels.graph.nodes:
        if node.name in channels.makers:
            op = node.op
            assert isinstance(op, MatrixLayer)  # noqa: S101 - makers are layers
            x, weights = values[node.inputs[0]], channels.graph.constants[op.weights_of(node)]
            (rows,) = op.weight_rows(weights.astype(np.float64), x.shape[-1])
            if rows.shape[1] <= _WIDEST:
                covariance = _covariance(op, x, rows.shape[1])
                energy = float(((rows @ covariance) * rows).sum()) + _TINY
                inverse = np.linalg.inv(covariance)
                yield _Reader(rows, inverse, _columns(channels, node, weights.shape), energy)


def _columns(channels: ChannelMap, node: Node, shape: Sequence[int]) -> Array:
    """Return the class of each input of a layer's rows."""
    _, cut, *_ = channels.cuts[node.name]
    extent = [1] * len(shape)
    extent[cut.axis] = -1
    classes = channels.atoms.roots(cut.atoms).reshape(extent)
    return np.array(np.broadcast_to(classes, shape)[0].reshape(-1))


def _covariance(op: MatrixLayer, x: Array, depth: int) -> Array:
    """Return the covariance of a layer's inputs [inputs, inputs], float64, with a ridge."""
    total, count, sums = np.zeros((depth, depth)), 0, np.zeros(depth)
    every = max(1, x.size // depth // _ROWS)
    for (chunk,) in input_rows(op, x, depth):
        rows = chunk[::every].astype(np.float64)
        total += rows.T @ rows
        sums += rows.sum(axis=0)
        count += len(rows)
    mean = sums / count
    covariance = total / count - np.outer(mean, mean)
    ridge = _RIDGE * np.trace(covariance) / depth + _TINY
    return np.asarray(covariance + ridge * np.eye(depth))
