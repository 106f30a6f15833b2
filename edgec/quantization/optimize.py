"""The best int8 graph from a float graph and samples: every step is kept only where it helps.

Equalized channels, searched ranges and reconstructed weights are tried on three quarters of the
samples and judged, by the exact integers, on the last quarter; plain min-max is the one to beat.
What wins is then made from all samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from edgec.ir import Array, DType, Graph, ValueName
from edgec.passes.eliminate_identity import EliminateIdentity
from edgec.quantization.batch import BatchEvaluator, Values
from edgec.quantization.calibrate import summarize
from edgec.quantization.dense_as_conv import DenseAsConv
from edgec.quantization.equalize_search import EqualizeSearch
from edgec.quantization.judge import judged_values, output_sqnr_db
from edgec.quantization.observers import Summary
from edgec.quantization.quantize import quantize
from edgec.quantization.range_search import WIDE, RangeSearch, Rule, Rules, folds_of, ranges_by
from edgec.quantization.reconstruct import reconstruct
from edgec.quantization.samples import Samples

_SEARCHED = 128  # samples that searches use, spread evenly over all
_HELD_OUT = 4  # one in so many samples judges and is not fitted to
_FEWEST = 8  # samples; with fewer there is nothing to judge by
_BUDGET = 3e10  # multiplications of all evaluations of a search
_PER_ELEMENT = 30  # multiplications that rounding one activation costs as much as
_EVALUATIONS = (16, 100)  # at least and at most
_PRICE_DB = 0.5  # what convolutions must gain over fully connected layers, which are cheaper


class Stages(Protocol):
    """Hears how far a quantization is."""

    def stage(self, title: str) -> None:
        """Begin a stage."""
        ...

    def advance(self, done: int, total: int) -> None:
        """Tell how much of this stage is done."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do: ``ranges`` is a method of calibration or ``auto``; the rest is on or off.

    ``dense_as_conv`` gives fully connected layers a weight scale per output.
    """

    ranges: str = "auto"
    equalize: bool = True
    reconstruct: bool = True
    dense_as_conv: bool = False
    activations: DType = DType.INT8

    @classmethod
    def plain(cls, method: str = "minmax", activations: DType = DType.INT8) -> "Recipe":
        return cls(method, equalize=False, reconstruct=False, activations=activations)

    def __str__(self) -> str:
        weights = "int16x8" if self.activations is DType.INT16 else "int8"
        wide = self.activations is DType.INT16
        found = "wide" if wide else "searched"
        ranges = found if self.ranges == "auto" else self.ranges
        parts = [weights, f"{ranges} ranges"]
        parts += ["equalized channels"] * self.equalize
        parts += ["reconstructed weights"] * self.reconstruct
        parts += ["fully connected layers as 1x1 convolutions"] * self.dense_as_conv
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Quantized:
    """The integer graph, how it was made, and what it reached on samples it was not made from.

    ``twin`` is the float graph whose activations the integers stand for: channels may be scaled.

    The two SQNRs, of this recipe and of plain min-max, are None where too few samples are there.
    """

    graph: Graph
    twin: Graph
    recipe: Recipe
    held_out: int = 0
    sqnr_db: float | None = None
    plain_sqnr_db: float | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A float graph and a rule for every range of it."""

    graph: Graph
    rules: Rules


def quantize_best(graph: Graph, samples: Samples, recipe: Recipe, stages: Stages) -> Quantized:
    """Return the integer graph by ``recipe``, or by as much of it as helps.

    Raises ``non-finite-activation`` where a value becomes infinite or NaN on the samples.
    """
    stages.stage("calibrating")
    seen = summarize(graph, samples, stages.advance)
    simple = recipe == Recipe.plain(recipe.ranges, recipe.activations) and recipe.ranges != "auto"
    if simple or len(samples) < _FEWEST:
        plain = Recipe.plain(
            "minmax" if recipe.ranges == "auto" else recipe.ranges, recipe.activations
        )
        rules = dict.fromkeys(seen, Rule(plain.ranges))
        integer = quantize(graph, ranges_by(rules, seen), None, plain.activations)
        return Quantized(integer, graph, plain)
    if recipe.activations is DType.INT16:
        recipe = replace(recipe, equalize=False)  # like ranges of channels gain nothing there
    return _Optimizer(graph, samples, recipe, stages).run()


@dataclass(frozen=True, slots=True)
class _Optimizer:
    graph: Graph
    samples: Samples
    recipe: Recipe
    stages: Stages

    def run(self) -> Quantized:
        prepared = self._prepared()
        recipe = self.recipe
        if prepared.graph is self.graph:  # nothing was worth equalizing
            recipe = replace(recipe, equalize=False)
        plain, *others = _ladder(recipe)
        ways = {plain: _Prepared(self.graph, dict.fromkeys(self.graph.types, Rule()))}
        ways |= dict.fromkeys(others, prepared)
        if recipe.activations is DType.INT16:  # weights are all that is left to improve
            ways[replace(recipe, dense_as_conv=True)] = _with_convs(prepared)
        self.stages.stage("checking on held-out samples")
        reached = self._judged(ways)
        best = max(reached, key=lambda recipe: reached[recipe] - _PRICE_DB * recipe.dense_as_conv)
        self.stages.stage("rounding weights")
        integer = self._made(ways[best], best, self.inputs, self.samples)
        count = -(-len(next(iter(self.inputs.values()))) // _HELD_OUT)
        return Quantized(integer, ways[best].graph, best, count, reached[best], reached[plain])

    def _judged(self, ways: Mapping[Recipe, _Prepared]) -> dict[Recipe, float]:
        """Return the output SQNR of each recipe on samples that are held out from all."""
        fit, held = _without(self.inputs, _HELD_OUT), _only(self.inputs, _HELD_OUT)
        floats = BatchEvaluator(self.graph).run(held)
        wanted = {value: floats[value] for value in judged_values(self.graph)}
        made = {recipe: self._made(way, recipe, fit) for recipe, way in ways.items()}
        return {recipe: output_sqnr_db(each, held, wanted) for recipe, each in made.items()}

    @property
    def inputs(self) -> Values:
        """The samples that searches use."""
        count = len(self.samples)
        chosen = np.unique(np.linspace(0, count - 1, min(count, _SEARCHED)).round().astype(int))
        return {name: array[chosen] for name, array in self.samples.arrays.items()}

    def _prepared(self) -> _Prepared:
        graph, evaluations = self.graph, self._evaluations()
        if self.recipe.equalize:
            self.stages.stage("equalizing channels")
            search = EqualizeSearch(graph, self.inputs, evaluations // 2, self.stages.advance)
            graph = search.run()
        if self.recipe.ranges == "auto" and self.recipe.activations is DType.INT16:
            return _Prepared(graph, dict.fromkeys(graph.types, Rule("minmax", WIDE, WIDE)))
        if self.recipe.ranges != "auto":
            return _Prepared(graph, dict.fromkeys(graph.types, Rule(self.recipe.ranges)))
        self.stages.stage("choosing ranges")
        folds = folds_of(graph, self.inputs)
        ranges = RangeSearch(graph, folds, evaluations, self.stages.advance)
        return _Prepared(graph, ranges.run().rules)

    def _evaluations(self) -> int:
        """Return how many evaluations of all samples a search may make."""
        graph = self.graph
        macs = sum(node.op.macs(graph.signature(node)) for node in graph.nodes)
        elements = sum(graph.types[v].elements for node in graph.nodes for v in node.outputs)
        samples = min(len(self.samples), _SEARCHED)
        allowed = int(_BUDGET / (samples * (macs + _PER_ELEMENT * elements)))
        return min(max(allowed, _EVALUATIONS[0]), _EVALUATIONS[1])

    def _made(
        self, prepared: _Prepared, recipe: Recipe, inputs: Values, samples: Samples | None = None
    ) -> Graph:
        """Make the integer graph; ranges come from ``samples``, or else from ``inputs``."""
        graph = prepared.graph
        floats = BatchEvaluator(graph).run(inputs)
        if samples is not None:
            seen: Mapping[ValueName, Summary] = summarize(graph, samples)
        else:
            seen = {value: Summary.of(array) for value, array in floats.items()}
        ranges = ranges_by(prepared.rules, seen)
        layers = None
        if recipe.reconstruct:
            layers = reconstruct(
                graph, ranges, inputs, floats, self.stages.advance, recipe.activations
            )
        return quantize(graph, ranges, layers, recipe.activations)


def _ladder(recipe: Recipe) -> list[Recipe]:
    """Return the recipes to compare, plain min-max first."""
    plain = Recipe.plain(activations=recipe.activations)
    return list(dict.fromkeys([plain, replace(recipe, reconstruct=False), recipe]))


def _with_convs(prepared: _Prepared) -> _Prepared:
    """Return the graph with its fully connected layers as convolutions; new values are wide too."""
    names = {node.name for node in prepared.graph.nodes}
    graph = EliminateIdentity().run(DenseAsConv(layers=names).run(prepared.graph))
    rules = {value: prepared.rules.get(value, Rule("minmax", WIDE, WIDE)) for value in graph.types}
    return _Prepared(graph, rules)


def _only(inputs: Mapping[ValueName, Array], every: int) -> Values:
    return {name: array[::every] for name, array in inputs.items()}


def _without(inputs: Mapping[ValueName, Array], every: int) -> Values:
    kept = {name: np.arange(len(array)) % every != 0 for name, array in inputs.items()}
    return {name: array[kept[name]] for name, array in inputs.items()}
