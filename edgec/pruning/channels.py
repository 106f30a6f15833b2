"""Chooses the channels to remove: those with the lowest scores, the same share of each family.

A family is all layers that have channels in common classes: a layer by itself, or all that a
residual connection ties together. A score is the size of filters, unless others are given. Source:
Li et al. 2017 (Pruning filters for efficient convnets).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, Graph
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.pruning.channel_atoms import KEPT
from edgec.pruning.channel_groups import ChannelMap

# Four is what CMSIS-NN's inner loops take; the other two are chosen by hand: near enough to what
# was asked for, and no layer is all but removed.
_SIMD = 4  # kernels take channels in fours
_CLOSE = 1 / 16  # of a family: what may be kept more, or less, to come to a multiple of four
_SMALLEST_SHARE = 0.1  # of a family that stays where shares are those of the whole network


@dataclass(frozen=True, slots=True)
class Family:
    """Layers by name, and their removable classes of channels with the score of each."""

    layers: tuple[str, ...]
    scores: Mapping[int, float]

    def ranked(self) -> list[int]:
        """Return the classes, the least important first."""
        return sorted(self.scores, key=lambda each: (self.scores[each], each))


def families(channels: ChannelMap) -> list[Family]:
    """Return all families that have a channel to lose, in the order of their layers."""
    scores = _scores(channels)
    groups: list[tuple[list[str], set[int]]] = []
    for name, atoms in channels.makers.items():
        classes = set(channels.atoms.roots(atoms).tolist()) - {KEPT}
        tied = [group for group in groups if group[1] & classes]
        groups = [group for group in groups if group not in tied]
        layers = [layer for group in tied for layer in group[0]]
        groups.append(([*layers, name], classes.union(*(group[1] for group in tied))))
    return [
        Family(tuple(layers), {each: scores[each] for each in classes})
        for layers, classes in groups
        if classes
    ]


def choose_channels(
    channels: ChannelMap,
    share: float,
    *,
    across_layers: bool,
    scored: Sequence[Family] | None = None,
) -> set[int]:
    """Return the classes to remove: about ``share`` of every family, or of all of them together.

    Every layer keeps a channel. Where a multiple of four is close, that many stay in a family.
    ``scored`` are the families with other scores than the sizes of their filters; how many go
    from each of them is always told by the sizes.
    """
    found = families(channels)
    counts = _counts_across(found, share) if across_layers else _counts_each(found, share)
    removed: set[int] = set()
    for family, count in zip(scored or found, counts, strict=True):
        total = len(family.scores)
        for each in family.ranked()[: total - convenient(total - count, total)]:
            if not empties_a_layer(channels, removed | {each}):
                removed.add(each)
    return removed


def convenient(keep: int, total: int) -> int:
    """Return how many of ``total`` channels to keep: a multiple of four, where one is close.

    Of two that are as close the smaller. docs/pruning.md has what it is worth.
    """
    rounded = _SIMD * ((keep + 1) // _SIMD)
    close = abs(rounded - keep) <= _CLOSE * total
    return min(rounded, total) if close and rounded else max(keep, 1)


def _counts_each(found: Sequence[Family], share: float) -> list[int]:
    return [round(share * len(family.scores)) for family in found]


def _counts_across(found: Sequence[Family], share: float) -> list[int]:
    """Rank the classes of all families together; none loses more than nine in ten."""
    spare = [
        (family.scores[each], index)
        for index, family in enumerate(found)
        for each in family.ranked()[: int((1 - _SMALLEST_SHARE) * len(family.scores))]
    ]
    wanted = round(share * sum(len(family.scores) for family in found))
    lost = [index for _, index in sorted(spare)[:wanted]]
    return [lost.count(index) for index in range(len(found))]


def _scores(channels: ChannelMap) -> dict[int, float]:
    """Return the mean L1 norm of the filters of each class, 1 being the mean of a layer."""
    graph = channels.graph
    norms: dict[int, list[float]] = {}
    nodes = {node.name: node for node in graph.nodes}
    for name, atoms in (*channels.makers.items(), *channels.followers.items()):
        node = nodes[name]
        assert isinstance(node.op, WeightedLayer)  # noqa: S101 - these are layers
        weights = graph.constants[node.op.weights_of(node)]
        sizes = relative_norms(weights, node.op.output_axis)
        for each, size in zip(channels.atoms.roots(atoms).tolist(), sizes.tolist(), strict=True):
            norms.setdefault(each, []).append(size)
    return {each: float(np.mean(sizes)) for each, sizes in norms.items()}


def relative_norms(weights: Array, axis: int) -> Array:
    """Return the L1 norm of each slice along ``axis``, divided by their mean; float64."""
    others = tuple(each for each in range(weights.ndim) if each != axis)
    sizes = np.abs(weights.astype(np.float64)).sum(axis=others)
    return np.asarray(sizes / max(float(sizes.mean()), np.finfo(np.float64).tiny))


def empties_a_layer(channels: ChannelMap, removed: Iterable[int]) -> bool:
    """Tell whether a layer has no channel left without the classes in ``removed``."""
    gone = list(removed)
    return any(
        bool(np.isin(channels.atoms.roots(atoms), gone).all()) for atoms in channels.makers.values()
    )


def layer_channels(graph: Graph, layers: Iterable[str]) -> list[int]:
    """Return how many output channels each of the named layers has."""
    wanted = set(layers)
    return [graph.types[n.outputs[0]].shape[-1] for n in graph.nodes if n.name in wanted]
