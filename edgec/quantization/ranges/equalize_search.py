"""How far to equalize: exponents for all groups of channels, judged by the outputs' noise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from edgec.ir import Array, Graph, ValueName
from edgec.quantization.quality.simulate import Simulation, float_twin
from edgec.quantization.quality.sqnr import Noise, judged_values
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import extremes
from edgec.quantization.ranges.equalize import (
    ChannelGroup,
    channel_groups,
    channel_sizes,
    equalized,
)
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.blocks import blocks, joined

# Chosen by hand; no measurement is on record of these numbers (benchmarks/quantization.py measures
# the whole). Margins keep what only fits the samples' noise from being taken: 0.93 is 7 %, 0.98 is
# 2 %.
_EXPONENTS = (0.25, 0.5, 0.75, 1.0)
_SINGLE = (0.0, 0.5, 1.0)
_WEIGHTS = 0.3  # of the noise of rounded weights is left by reconstruction
_HEADROOM = 1.1  # of ranges over the other half's extremes
_WORTH = 0.93  # of the noise: equalization narrows what a channel may do in the field
_GAIN = 0.98


@dataclass(eq=False)
class EqualizeSearch:
    """Finds one exponent for all groups, then better ones for single groups.

    Ranges are those of one half of the samples, the other half judges.
    """

    graph: Graph
    inputs: Mapping[ValueName, Array]
    evaluations: int
    on_progress: Callable[[int, int], None] | None = None
    groups: Sequence[ChannelGroup] = field(init=False)
    _sizes: Values = field(init=False)  # the largest magnitude of each channel
    _wanted: Values = field(init=False)
    _done: int = 0

    def __post_init__(self) -> None:
        self.groups = channel_groups(self.graph)
        scaled = [value for group in self.groups for value in group.values]
        judged = judged_values(self.graph)
        evaluator, sizes, wanted = BatchEvaluator(self.graph), list[Values](), list[Values]()
        for part in blocks(self.graph, self.inputs):
            values = evaluator.run(part)
            sizes.append({value: channel_sizes(values[value]) for value in scaled})
            wanted.append({value: values[value] for value in judged})
            del values  # before there are others
        self._sizes, self._wanted = joined(sizes), joined(wanted)

    def run(self) -> Graph:
        """Return the equalized graph; the same object where nothing helps."""
        if not self.groups:
            return self.graph
        none = [0.0] * len(self.groups)
        noise = self._noise(none)
        tried = [(self._noise([each] * len(none)), [each] * len(none)) for each in _EXPONENTS]
        best, exponents = min(tried)
        best, exponents = self._one_by_one(best, exponents)
        if best > noise * _WORTH:
            return self.graph
        return equalized(self.graph, self._sizes, exponents, self.groups)

    def _one_by_one(self, best: float, exponents: list[float]) -> tuple[float, list[float]]:
        for index in range(len(exponents)):
            for option in _SINGLE:
                if self._done >= self.evaluations:
                    return best, exponents
                other = [*exponents[:index], option, *exponents[index + 1 :]]
                noise = self._noise(other) if other != exponents else best
                if noise < best * _GAIN:
                    best, exponents = noise, other
        return best, exponents

    def _noise(self, exponents: Sequence[float]) -> float:
        """Return noise over signal with these exponents: of activations, and of weights in part."""
        self._done += 1
        if self.on_progress is not None:
            self.on_progress(min(self._done, self.evaluations), self.evaluations)
        activations, weights = Noise(), Noise()
        for half in (0, 1):
            known = {value: sizes[1 - half :: 2] for value, sizes in self._sizes.items()}
            graph = equalized(self.graph, known, exponents, self.groups)
            seen = extremes(graph, {v: x[1 - half :: 2] for v, x in self.inputs.items()})
            integer = quantize(graph, {v: each.scaled(_HEADROOM) for v, each in seen.items()})
            judge = {name: array[half::2] for name, array in self.inputs.items()}
            wanted = {value: x[half::2] for value, x in self._wanted.items()}
            rounded = Simulation.rounding(graph, integer.types)
            activations.add(wanted, rounded.run(judge, list(wanted)))
            coarse = Simulation.rounding(float_twin(integer), {})
            weights.add(wanted, coarse.run(judge, list(wanted)))
        return activations.ratio + _WEIGHTS * weights.ratio
