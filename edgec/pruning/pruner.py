"""Pruning of a float network: choose, remove, repair, measure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, verify
from edgec.pruning.channel_groups import ChannelMap, map_channels
from edgec.pruning.channels import choose_channels, families
from edgec.pruning.reconstruct import OnProgress, Reconstruction
from edgec.pruning.report import FamilySize, Judge, PruningReport, Size
from edgec.pruning.request import PruneRequest
from edgec.pruning.surgery import kept, remove_channels
from edgec.pruning.weights import choose_weights, masked
from edgec.quantization.batch import Values
from edgec.quantization.samples import Samples

_HOLD_OUT = 8  # every eighth sample ...
_ENOUGH = 32  # ... where there are at least so many
_MEMORY = 2**29  # bytes of activations that are kept at a time


@dataclass(frozen=True)
class Pruned:
    """The network that is left and what became of it."""

    graph: Graph
    report: PruningReport


def prune(
    graph: Graph,
    samples: Samples,
    request: PruneRequest,
    on_progress: OnProgress | None = None,
) -> Pruned:
    """Return an optimized float graph without what ``request`` asks to remove, repaired.

    Raises ``nothing-to-prune`` where no channel, or no weight, can go.
    """
    channels = map_channels(graph)
    removed = _removed(channels, request)
    smaller = remove_channels(channels, removed)
    masks = _masks(smaller, request)
    unrepaired = masked(smaller, masks)
    verify(unrepaired)
    fitted, measured = _split(samples, graph)
    outputs = _kept_outputs(channels, removed)
    repair = Reconstruction(graph, unrepaired, outputs, masks, _rows(samples, fitted))
    repaired = repair.run(on_progress)
    verify(repaired)
    labels = None if samples.label is None else samples.label[measured]
    judge = Judge.of(graph, _rows(samples, measured), labels)
    report = PruningReport(
        requested=str(request),
        before=Size.of(graph),
        after=Size.of(repaired),
        families=_sizes(channels, removed) if request.channels else (),
        accuracy_before=judge.accuracy(judge.wanted),
        unrepaired=judge.quality(unrepaired),
        repaired=judge.quality(repaired),
        samples_fitted=len(fitted),
        samples_measured=len(measured),
        held_out=not np.isin(measured, fitted).any(),
    )
    return Pruned(repaired, report)


def _removed(channels: ChannelMap, request: PruneRequest) -> set[int]:
    if not request.channels:
        return set()
    removed = choose_channels(channels, request.channels, across_layers=request.across_layers)
    if not removed:
        counts = [len(each.scores) for each in families(channels)]
        why = "no layer has channels that may go"
        if counts:
            why = f"that is less than one channel of the widest layers ({max(counts)} channels)"
        raise _nothing(request, why)
    return removed


def _masks(graph: Graph, request: PruneRequest) -> dict[str, Array]:
    if not request.weights:
        return {}
    masks = choose_weights(graph, request.weights, across_layers=request.across_layers)
    if all(mask.all() for mask in masks.values()):
        raise _nothing(request, "it has no layer with weights, or the share is less than a weight")
    return masks


def _nothing(request: PruneRequest, why: str) -> EdgecError:
    return EdgecError(
        "nothing-to-prune",
        f"--prune {request} removes nothing from this model: {why}",
        place=Place(inside="option prune"),
        help="ask for a larger share, or leave the option out",
    )


def _kept_outputs(channels: ChannelMap, removed: set[int]) -> Mapping[str, Array]:
    """Return which output channels of each layer stay, by node name."""
    layers = {**channels.makers, **channels.followers}
    return {name: kept(channels, removed, atoms) for name, atoms in layers.items()}


def _sizes(channels: ChannelMap, removed: set[int]) -> list[FamilySize]:
    return [
        FamilySize(each.layers, len(each.scores), len(each.scores.keys() - removed))
        for each in families(channels)
    ]


def _split(samples: Samples, graph: Graph) -> tuple[Array, Array]:
    """Return which samples to fit to, and which to measure on: others, where there are enough."""
    per_sample = sum(
        kind.bytes for name, kind in graph.types.items() if name not in graph.constants
    )
    count = min(len(samples), max(_ENOUGH, _MEMORY // max(1, per_sample)))
    chosen = np.unique(np.linspace(0, len(samples) - 1, count).astype(np.int64))
    if len(chosen) < _ENOUGH:
        return chosen, chosen
    last = np.arange(len(chosen)) % _HOLD_OUT == _HOLD_OUT - 1
    return chosen[~last], chosen[last]


def _rows(samples: Samples, chosen: Array) -> Values:
    return {name: array[chosen] for name, array in samples.arrays.items()}
