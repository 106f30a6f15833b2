"""Ranges that make the outputs best on samples the ranges were not made from.

The calibration samples are split into folds. A rule (a method, two factors) gives each fold's
ranges from the other folds; the fold's outputs then judge it. A range too narrow for what comes
next costs as much here as it will in the field, which the samples' own extremes never show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.quality.sqnr import Noise, judged_values
from edgec.quantization.quantizer import Grids
from edgec.quantization.ranges.calibrate import summarized
from edgec.quantization.ranges.looks import Looks
from edgec.quantization.ranges.observers import FURTHER, METHODS, Range, Summary
from edgec.quantization.ranges.room import ROOMS
from edgec.quantization.ranges.shared_ranges import Ties
from edgec.quantization.samples.batch_evaluator import Values
from edgec.quantization.samples.blocks import activation_bytes

# Chosen by hand; no measurement is on record. 1.09 is 0.4 dB of noise, 0.97 is 3 %: margins
# against fitting what is peculiar to the samples. More folds take longer.
FOLDS = 4
WIDE = 4.0  # times the extremes: int16 has bits to spare, clipping would be its largest error
_WIDER = 1.09  # noise that a wider range may cost: the field has more to show than the samples
_STATES_BYTES = 64 << 20  # of activations that are kept of two sets of rules, to be reused
_GAIN = 0.97  # what a change of one group must bring to be kept, lest it fits the samples' noise


@dataclass(frozen=True, slots=True)
class Rule:
    """How a value's range follows from its summary."""

    method: str = "minmax"
    below: float = 1.0
    above: float = 1.0

    def range(self, seen: Summary) -> Range:
        base = {**METHODS, **FURTHER, **ROOMS}[self.method](seen)
        return Range(base.low * self.below, base.high * self.above)


# Candidates chosen by hand: the extremes and what lies somewhat beyond, and every method. For
# single groups, of which there are many, fewer methods, and tails with one side moved.
_UNIFORM = (
    *(Rule("minmax", factor, factor) for factor in (1.0, 1.05, 1.1, 1.2)),
    *(Rule(method) for method in ("moving-average", "percentile", "entropy", "mse")),
    *(Rule(method) for method in FURTHER),
)
_SINGLE = (
    *(Rule("minmax", factor, factor) for factor in (1.0, 1.12, 1.25)),
    *(Rule(method) for method in ("percentile", "mse", "tail")),
    *(Rule("tail", *sides) for sides in ((1.0, 0.9), (1.0, 1.12), (0.9, 1.0), (1.12, 1.0))),
)


@dataclass(frozen=True, slots=True)
class Fold:
    """Some of the samples: what goes in, what should come out, and what the others looked like.

    What a rule makes of a summary is computed once: a search asks for it at every evaluation.
    """

    inputs: Values
    wanted: Values
    others: Mapping[ValueName, Summary]
    _known: dict[tuple[int, Rule], Range] = field(default_factory=dict)  # by id of the summary

    def ranges(self, rules: "Rules") -> dict[ValueName, Range]:
        """Return the range of every value by its rule, from the other folds."""
        return {value: self._range(rules[value], seen) for value, seen in self.others.items()}

    def _range(self, rule: Rule, seen: Summary) -> Range:
        key = (id(seen), rule)  # the summary lives as long as the fold
        if key not in self._known:
            self._known[key] = rule.range(seen)
        return self._known[key]


def folds_of(graph: Graph, inputs: Mapping[ValueName, Array], count: int = FOLDS) -> list[Fold]:
    """Split samples into folds, every ``count``-th one into the same; at least two samples."""
    count = min(count, *(len(array) for array in inputs.values()))
    parts = [
        {name: array[start::count] for name, array in inputs.items()} for start in range(count)
    ]
    looks, judged = Looks(graph), judged_values(graph)
    found = [summarized(looks, part, judged) for part in parts]
    folds = []
    for index, (part, (seen, wanted)) in enumerate(zip(parts, found, strict=True)):
        rest = [each for other, (each, _) in enumerate(found) if other != index]
        others = {group: reduce(add, [each[group] for each in rest]) for group in seen}
        folds.append(Fold(part, wanted, looks.spread(others)))
    return folds


Rules = Mapping[ValueName, Rule]


def ranges_by(rules: Rules, seen: Mapping[ValueName, Summary]) -> dict[ValueName, Range]:
    """Return the range of every value by its rule."""
    return Fold({}, {}, seen).ranges(rules)


@dataclass(frozen=True, slots=True)
class Judged:
    """Rules, how much noise they leave on all folds, and the activations that showed it.

    There are ``states`` of the first folds only: of as many as were to be kept.
    """

    rules: Rules
    noise: float
    states: Sequence[Values]


@dataclass(eq=False)
class RangeSearch:
    """Finds one rule for all values, then better ones for single groups that share a range."""

    graph: Graph
    folds: Sequence[Fold]
    evaluations: int
    on_progress: Callable[[int, int], None] | None = None
    _done: int = 0
    _simulations: list[Simulation] = field(default_factory=list)
    _grids: Grids = field(init=False)

    def __post_init__(self) -> None:
        self._grids = Grids(self.graph)
        rules = dict.fromkeys(self.folds[0].others, Rule())
        kinds = [self._kinds(rules, fold) for fold in self.folds]
        self._simulations = [Simulation.rounding(self.graph, each) for each in kinds]

    def run(self) -> Judged:
        """Return the best rules found within the allowed number of evaluations."""
        best = self.uniform()
        if self._done < self.evaluations:
            best = replace(best, states=[self._states(best, i) for i in range(self._kept)])
        for members in self._groups():
            for rule in _SINGLE:
                if self._done >= self.evaluations:
                    return best
                if rule == best.rules[members[0]]:
                    continue
                rules = {**best.rules, **dict.fromkeys(members, rule)}
                other = self.judge(rules, best, members)
                best = other if other.noise < best.noise * _GAIN else best
        return best

    def uniform(self) -> Judged:
        """Return the best rule for all; of those that are nearly as good, the widest."""
        tried = [self.judge(dict.fromkeys(self.folds[0].others, rule)) for rule in _UNIFORM]
        limit = min(each.noise for each in tried) * _WIDER
        return max((each for each in tried if each.noise <= limit), key=self._width)

    def judge(
        self, rules: Rules, before: Judged | None = None, changed: Sequence[ValueName] = ()
    ) -> Judged:
        """Return the noise of rules; what ``before`` knows is reused but for ``changed`` values."""
        self._done += 1
        if self.on_progress is not None:
            self.on_progress(min(self._done, self.evaluations), self.evaluations)
        noise, states = Noise(), list[Values]()
        for index, fold in enumerate(self.folds):
            simulation = replace(self._simulations[index], kinds=self._kinds(rules, fold))
            if before is None or index >= len(before.states):
                values = simulation.run(fold.inputs, list(fold.wanted))
            else:
                values = simulation.rerun(before.states[index], fold.inputs, changed)
                states.append(values)
            noise.add(fold.wanted, values)
        return Judged(rules, noise.ratio, states)

    def _states(self, judged: Judged, index: int) -> Values:
        """Return all activations of a fold by the rules of ``judged``."""
        fold = self.folds[index]
        simulation = replace(self._simulations[index], kinds=self._kinds(judged.rules, fold))
        return simulation.run(fold.inputs)

    @property
    def _kept(self) -> int:
        """How many folds have room for the states of the best rules and of those that are tried."""
        samples = len(next(iter(self.folds[0].inputs.values())))
        each = 2 * samples * activation_bytes(self.graph)
        return min(len(self.folds), _STATES_BYTES // max(1, each))

    def _kinds(self, rules: Rules, fold: Fold) -> Mapping[ValueName, TensorType]:
        return self._grids.types(fold.ranges(rules))

    def _groups(self) -> list[list[ValueName]]:
        """Return the values of each group whose range is ours to choose."""
        ties = Ties(self.graph)
        groups: dict[ValueName, list[ValueName]] = {}
        for value in self.folds[0].others:
            if ties.fixed(value) is None:
                groups.setdefault(ties.root(value), []).append(value)
        return list(groups.values())

    def _width(self, judged: Judged) -> float:
        """Return how wide ranges are in all, relative to the extremes."""
        seen = self.folds[0].others
        ranges = self.folds[0].ranges(judged.rules)
        spans = [(ranges[v].high - ranges[v].low, seen[v].extremes) for v in seen]
        return sum(span / ((e.high - e.low) or 1.0) for span, e in spans) / len(spans)
