"""Pruning of a float network: choose, remove, repair, measure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, verify
from edgec.pruning.channel_groups import ChannelMap, map_channels
from edgec.pruning.channels import choose_channels, families
from edgec.pruning.prune_request import PruneRequest
from edgec.pruning.pruning_report import FamilySize, Judge, PruningReport, Quality, Size
from edgec.pruning.refit import OnProgress, Reconstruction
from edgec.pruning.surgeon import by_least_error
from edgec.pruning.surgery import kept, remove_channels
from edgec.pruning.weight_choice import choose_weights, masked
from edgec.quantization.samples.batch_evaluator import Values
from edgec.quantization.samples.samples import Samples

SMALL, LEAST_ERROR = "L1 norm", "least error"
"""Criteria to choose channels by; the one whose outputs come out better is taken."""

# Chosen by hand; no measurement is on record: at least four samples measure, and most are left to
# the fit.
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
    fitted, measured = _split(samples, graph)
    inputs = _rows(samples, fitted)
    judge = Judge.of(graph, samples.chosen(measured))
    trials = [
        _try(channels, criterion, removed, request, inputs, judge, on_progress)
        for criterion, removed in _choices(channels, request, inputs).items()
    ]
    best = max(trials, key=_merit)
    report = PruningReport(
        requested=str(request),
        criterion=best.criterion,
        before=Size.of(graph),
        after=Size.of(best.repaired),
        families=_sizes(channels, best.removed) if request.channels else (),
        metric=judge.metric.title if judge.metric else None,
        accuracy_before=judge.accuracy(judge.wanted),
        unrepaired=judge.quality(best.unrepaired),
        repaired=best.quality,
        samples_fitted=len(fitted),
        samples_measured=len(measured),
        held_out=not np.isin(measured, fitted).any(),
    )
    return Pruned(best.repaired, report)


@dataclass(frozen=True)
class _Trial:
    """What became of one choice of channels."""

    criterion: str
    removed: set[int]
    unrepaired: Graph
    repaired: Graph
    quality: Quality


def _merit(trial: _Trial) -> float:
    sqnr = trial.quality.output_sqnr_db
    return np.inf if sqnr is None else sqnr


def _try(
    channels: ChannelMap,
    criterion: str,
    removed: set[int],
    request: PruneRequest,
    inputs: Values,
    judge: Judge,
    on_progress: OnProgress | None,
) -> _Trial:
    """Remove channels and weights, repair what is left, and measure it."""
    smaller = remove_channels(channels, removed)
    masks = _masks(smaller, request)
    unrepaired = masked(smaller, masks)
    verify(unrepaired)
    outputs = _kept_outputs(channels, removed)
    repair = Reconstruction(channels.graph, unrepaired, outputs, masks, inputs)
    repaired = repair.run(on_progress)
    verify(repaired)
    return _Trial(criterion, removed, unrepaired, repaired, judge.quality(repaired))


def _choices(channels: ChannelMap, request: PruneRequest, inputs: Values) -> dict[str, set[int]]:
    """Return the classes to remove by each criterion; those that come to the same only once."""
    if not request.channels:
        return {"magnitude": set()}
    ways = {SMALL: families(channels), LEAST_ERROR: by_least_error(channels, inputs)}
    chosen = {
        criterion: choose_channels(
            channels, request.channels, across_layers=request.across_layers, scored=scored
        )
        for criterion, scored in ways.items()
    }
    if not chosen[SMALL]:
        counts = [len(each.scores) for each in ways[SMALL]]
        why = "no layer has channels that may go"
        if counts:
            why = f"that is less than one channel of the widest layers ({max(counts)} channels)"
        raise _nothing(request, why)
    if chosen[SMALL] == chosen[LEAST_ERROR]:
        del chosen[LEAST_ERROR]
    return chosen


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
