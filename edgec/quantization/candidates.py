"""Integer graphs from a float graph and rules for its ranges, and how good they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgec.ir import Array, DType, Graph, ValueName
from edgec.ops.movement.reshape import Reshape
from edgec.passes.cleanup.eliminate_identity import EliminateIdentity
from edgec.quantization.quality.sqnr import (
    Noise,
    add_noise,
    judged_values,
    output_sqnr_db,
)
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import summaries, summarize
from edgec.quantization.ranges.observers import Summary
from edgec.quantization.ranges.range_search import WIDE, Rule, Rules, ranges_by
from edgec.quantization.ranges.room import ROOMS, ROOMY
from edgec.quantization.recipe import Recipe, Stages
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.blocks import evenly
from edgec.quantization.samples.samples import Samples
from edgec.quantization.weights.bias_correction import with_corrected_biases
from edgec.quantization.weights.dense_as_conv import DenseAsConv
from edgec.quantization.weights.layer_reconstruction import reconstruct

# Chosen by hand; no measurement is on record: an evaluation's time grows with the samples, and
# what judges is missing where it is fitted.
_SEARCHED = 128  # samples that searches use, spread evenly over all
_SPACIOUS = Rule("minmax", WIDE, WIDE)
_TIGHT = Rule("minmax", 1.1, 1.1)
_HELD_OUT = 4  # one in so many samples judges and is not fitted to


@dataclass(frozen=True, slots=True)
class Prepared:
    """A float graph, and a rule for the range of every value as int8 and as int16."""

    graph: Graph
    rules: Rules
    wide: Rules

    @classmethod
    def by(cls, graph: Graph, method: str) -> "Prepared":
        """Return one rule for all; ``auto`` is min-max with room, which int16 has to spare."""
        narrow = Rule(ROOMY if method == "auto" else method)
        wide = _SPACIOUS if narrow.method in ROOMS else narrow
        return cls(graph, dict.fromkeys(graph.types, narrow), dict.fromkeys(graph.types, wide))

    def tightened(self, values: Collection[ValueName]) -> "Prepared":
        """Return the same with hardly any room in int16 for these values, where there is more."""
        tight = {value: _TIGHT for value in values if self.wide[value] == _SPACIOUS}
        return Prepared(self.graph, self.rules, {**self.wide, **tight})

    def with_convs(self, layers: Collection[str]) -> "Prepared":
        """Return the same with these fully connected layers as convolutions."""
        graph = EliminateIdentity().run(DenseAsConv(layers=layers).run(self.graph))
        new = Prepared.by(graph, "auto")
        wide = {**new.wide, **self.wide}
        for node in graph.nodes:  # views of values that have hardly any room have none either
            (x, *_), (y, *_) = node.inputs, node.outputs
            if isinstance(node.op, Reshape) and _TIGHT in (wide.get(x), wide.get(y)):
                wide |= {x: _TIGHT, y: _TIGHT}
        return Prepared(graph, {**new.rules, **self.rules}, wide)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes integer graphs for one float graph from its samples."""

    graph: Graph
    samples: Samples
    stages: Stages

    def made(self, prepared: Prepared, recipe: Recipe) -> Graph:
        """Return the integer graph, made from all samples."""
        seen = summarize(prepared.graph, self.samples, self.stages.advance)
        return self._made(prepared, recipe, self.inputs, seen)

    def trial(self, prepared: Prepared, recipe: Recipe, turn: int = 0) -> Graph:
        """Return the integer graph, made without the samples that are held out in a turn."""
        fit = np.delete(self._searched, slice(turn, None, _HELD_OUT))
        inputs = self.samples.chosen(fit).arrays
        return self._made(prepared, recipe, inputs, summaries(prepared.graph, inputs))

    def judged(self, trial: Graph) -> float:
        """Return the SQNR in dB of what searches judge, on the samples that are held out."""
        held = self.held_out.arrays
        wanted = BatchEvaluator(self.graph).run(held, judged_values(self.graph))
        return output_sqnr_db(trial, held, wanted)

    def in_turns(self, prepared: Prepared, recipe: Recipe) -> float:
        """Return the SQNR in dB on all samples, each held out in one of four trials."""
        noise = Noise()
        for turn in range(_HELD_OUT):
            held = self.samples.chosen(self._searched[turn::_HELD_OUT]).arrays
            wanted = BatchEvaluator(self.graph).run(held, judged_values(self.graph))
            add_noise(noise, self.trial(prepared, recipe, turn), held, wanted)
        return noise.db

    @property
    def inputs(self) -> Values:
        """The samples that searches use."""
        return dict(self.samples.chosen(self._searched).arrays)

    @property
    def held_out(self) -> Samples:
        """The samples, with their labels, that no :meth:`trial` is made of."""
        return self.samples.chosen(self._searched[::_HELD_OUT])

    @property
    def _searched(self) -> Array:
        return evenly(len(self.samples), _SEARCHED)

    def _made(
        self,
        prepared: Prepared,
        recipe: Recipe,
        samples: Mapping[ValueName, Array],
        seen: Mapping[ValueName, Summary],
    ) -> Graph:
        narrow = ranges_by(prepared.rules, seen)
        wide = ranges_by(prepared.wide, seen)
        quantized = partial(
            quantize,
            prepared.graph,
            wide if recipe.activations is DType.INT16 else narrow,
            activations=recipe.activations,
            int8_values=recipe.int8_values,
            int8_ranges=narrow,
        )
        inputs = {name: samples[name] for name in prepared.graph.inputs}
        if not recipe.reconstruct:
            if not recipe.correct_bias:
                return quantized()
            return quantized(with_corrected_biases(prepared.graph, quantized, inputs))
        layers = reconstruct(prepared.graph, quantized, inputs, self.stages.advance)
        return quantized(layers)
