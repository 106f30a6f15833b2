"""The best int8 graph from a float graph and samples: every step is kept only where it helps.

Equalized channels, searched ranges and reconstructed weights are tried on three quarters of the
samples and judged, by the exact integers, on the last quarter; min-max with room, what --effort
fast does, is the one to beat. What wins is then made from all samples. Few samples say too little
for a search of ranges, so that only weights are reconstructed, where this helps the quarters in
turn. Still fewer, and samples of one class, cannot judge at all.
"""

from dataclasses import dataclass, replace

from edgec.ir import DType, Graph, ValueName
from edgec.quantization.candidates import Maker, Prepared
from edgec.quantization.quality.one_class import class_of_all
from edgec.quantization.ranges.calibrate import summarize
from edgec.quantization.ranges.equalize_search import EqualizeSearch
from edgec.quantization.ranges.own_ranges import crowded, with_own_ranges
from edgec.quantization.ranges.range_search import RangeSearch, folds_of
from edgec.quantization.ranges.room import DOUBLED, ROOMY
from edgec.quantization.recipe import Recipe, Stages
from edgec.quantization.samples.samples import Samples

# Chosen by hand; no measurement is on record: the budget bounds the time of a search, but sixteen
# evaluations are made whatever they cost. The price stands against +2.4 and +3.9 dB for 1.25 times
# the instructions (int16, pub_lenet and pub_ae: docs/quantization.md).
FEWEST = 8  # samples; with fewer there is nothing to judge by
_FEW = 16  # samples; with fewer weights are fitted to what is peculiar to them
_ENOUGH = 32  # samples; fewer search for what is peculiar to them: pub_cnn1d, 16: 26 dB, not 36
_BUDGET = 3e10  # multiplications of all evaluations of a search
_PER_ELEMENT = 30  # multiplications that rounding one activation costs as much as
_NODES, _PER_NODE = 500, 5e5  # likewise, of each node beyond: recurrent layers written out
_EVALUATIONS = (16, 100)  # at least and at most
_PRICE_DB = 0.5  # what convolutions must gain over fully connected layers, which are cheaper


@dataclass(frozen=True, slots=True)
class Quantized:
    """The integer graph, how it was made, and its ``trial``: the same made of fewer samples.

    The two SQNRs, of this recipe and of min-max with room, are what the search judged by, on the
    ``held_out`` samples that the trial was not made of. None where too few samples are there,
    or all are of one class.
    """

    graph: Graph
    prepared: Prepared
    recipe: Recipe
    trial: Graph | None = None
    held_out: int = 0
    sqnr_db: float | None = None
    plain_sqnr_db: float | None = None

    @property
    def twin(self) -> Graph:
        """The float graph whose activations the integers stand for: channels may be scaled."""
        return self.prepared.graph


def quantize_best(graph: Graph, samples: Samples, recipe: Recipe, stages: Stages) -> Quantized:
    """Return the integer graph by ``recipe``, or by as much of it as helps.

    Raises ``non-finite-activation`` where a value becomes infinite or NaN on the samples.
    """
    stages.stage("calibrating")
    graph = with_own_ranges(graph, Maker(graph, samples, stages).inputs)
    maker = Maker(graph, samples, stages)
    seen = summarize(graph, samples, stages.advance)  # finds what no search can do anything with
    tight = frozenset(crowded(graph, {value: each.extremes for value, each in seen.items()}))
    one_class = class_of_all(graph, samples) is not None
    searched = recipe.ranges == "auto"
    if recipe.is_plain or (searched and one_class) or len(samples) < _least(recipe):
        room = DOUBLED if one_class else ROOMY
        method = room if recipe.ranges in ("auto", ROOMY) else recipe.ranges
        plain = replace(recipe, ranges=method, equalize=False, reconstruct=False)
        prepared = Prepared.by(graph, plain.ranges).tightened(tight)
        return Quantized(maker.made(prepared, plain), prepared, plain)
    if searched and len(samples) < _ENOUGH:
        recipe = replace(recipe, ranges=ROOMY, equalize=False)
    if recipe.activations is DType.INT16:
        recipe = replace(recipe, equalize=False)  # like ranges of channels gain nothing there
    return _Optimizer(maker, recipe, tight).run()


def _least(recipe: Recipe) -> int:
    """Return how many samples a search needs; a rule that is asked for by name needs fewer."""
    return _FEW if recipe.ranges == "auto" else FEWEST


@dataclass(frozen=True, slots=True)
class _Optimizer:
    maker: Maker
    recipe: Recipe
    tight: frozenset[ValueName]  # values for which int16 has no room to spare

    def run(self) -> Quantized:
        stages, graph = self.maker.stages, self.maker.graph
        prepared = self._prepared()
        recipe = self.recipe
        if prepared.graph is graph:  # nothing was worth equalizing
            recipe = replace(recipe, equalize=False)
        asked = ROOMY if recipe.ranges == "auto" else recipe.ranges
        plain = Recipe.plain(asked, activations=recipe.activations)
        simple = Prepared.by(graph, plain.ranges).tightened(self.tight)
        ways = {plain: simple}
        if recipe.reconstruct and recipe.ranges == "auto":
            ways[replace(plain, reconstruct=True)] = simple
        ways |= dict.fromkeys([replace(recipe, reconstruct=False), recipe], prepared)
        if recipe.activations is DType.INT16:  # weights are all that is left to improve
            names = {node.name for node in prepared.graph.nodes}
            ways[replace(recipe, dense_as_conv=True)] = prepared.with_convs(names)
        stages.stage("checking on held-out samples")
        trials = {recipe: self.maker.trial(way, recipe) for recipe, way in ways.items()}
        reached = {recipe: self.maker.judged(trial) for recipe, trial in trials.items()}
        verdicts = reached
        if len(self.maker.samples) < _ENOUGH:
            verdicts = {each: self.maker.in_turns(way, each) for each, way in ways.items()}
        best = max(verdicts, key=lambda each: verdicts[each] - _PRICE_DB * each.dense_as_conv)
        stages.stage("rounding weights")
        integer = self.maker.made(ways[best], best)
        held_out = len(self.maker.held_out)
        figures = held_out, reached[best], reached[plain]
        return Quantized(integer, ways[best], best, trials[best], *figures)

    def _prepared(self) -> Prepared:
        graph, inputs, stages = self.maker.graph, self.maker.inputs, self.maker.stages
        evaluations = self._evaluations()
        if self.recipe.equalize:
            stages.stage("equalizing channels")
            graph = EqualizeSearch(graph, inputs, evaluations // 2, stages.advance).run()
        uniform = Prepared.by(graph, self.recipe.ranges).tightened(self.tight)
        if self.recipe.ranges != "auto" or self.recipe.activations is DType.INT16:
            return uniform
        stages.stage("choosing ranges")
        search = RangeSearch(graph, folds_of(graph, inputs), evaluations, stages.advance)
        return replace(uniform, rules=search.run().rules)

    def _evaluations(self) -> int:
        """Return how many evaluations of all samples a search may make."""
        graph = self.maker.graph
        macs = sum(node.op.macs(graph.signature(node)) for node in graph.nodes)
        elements = sum(graph.types[v].elements for node in graph.nodes for v in node.outputs)
        samples = len(next(iter(self.maker.inputs.values())))
        steps = max(0, len(graph.nodes) - _NODES) * _PER_NODE
        allowed = int(_BUDGET / (samples * (macs + _PER_ELEMENT * elements) + steps))
        return min(max(allowed, _EVALUATIONS[0]), _EVALUATIONS[1])
