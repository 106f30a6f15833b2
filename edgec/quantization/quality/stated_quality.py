"""How far the integers of a file that states its quantization are from the floats they stand for.

An error of about one step is what the file's own steps bring with them, however quiet a layer is;
it blames nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.quantization.prequantized.annotations import Annotated
from edgec.quantization.quality.sqnr import energy, integer_inputs, judged_values
from edgec.quantization.ranges.clamped import clamped
from edgec.quantization.samples.sequence import SequenceEvaluator

_EXACT = 300.0  # dB
_SILENT = 1e-3  # steps: quieter values are zero


@dataclass(frozen=True, slots=True)
class Level:
    """How good the values of a node are, in dB.

    ``excused``: the file's own steps explain the noise; ``is_output``: they stand for an output.
    """

    node: str
    db: float
    excused: bool
    is_output: bool


@dataclass(frozen=True, slots=True)
class StatedQuality:
    """The levels of all nodes of an integer graph, in their order."""

    levels: tuple[Level, ...]

    @property
    def worst(self) -> Level | None:
        """The node with the lowest level that has no excuse."""
        return min(self._blamed(), key=lambda each: each.db, default=None)

    @property
    def output_db(self) -> float:
        """The level of the worst output."""
        return min((each.db for each in self.levels if each.is_output), default=_EXACT)

    def first_below(self, limit: float) -> Level | None:
        """Return where it begins: the first node below some dB."""
        return next((each for each in self._blamed() if each.db < limit), None)

    def _blamed(self) -> list[Level]:
        return [each for each in self.levels if not each.excused]


def stated_quality(
    annotated: Annotated,
    integer: Graph,
    samples: Mapping[ValueName, Array],
    *,
    groups: int = 1,
    drawn: bool = False,
) -> StatedQuality:
    """Compare on samples; of several groups of these, the one that suits a node best judges it.

    Where samples are ``drawn``, outputs that these leave quiet are as excusable as layers.
    """
    floats = replace(clamped(annotated), states=integer.states)
    judged = frozenset(judged_values(annotated.graph))
    wanted = SequenceEvaluator(floats).run(samples)
    got = SequenceEvaluator(integer).run(integer_inputs(integer, samples))
    found = []
    for node in integer.nodes:
        for value in node.outputs:
            kind = integer.types[value]
            if not kind.qparams or value not in wanted or wanted[value].shape != got[value].shape:
                continue
            parts = zip(*(np.array_split(x[value], groups) for x in (wanted, got)), strict=True)
            heard = [_Heard.of(one, other, kind) for one, other in parts]
            excusable = drawn or value not in judged
            excused = any(each.is_excused(excusable=excusable) for each in heard)
            db = max(each.db for each in heard)
            found.append(Level(node.name, db, excused, value in judged))
    return StatedQuality(tuple(found))


@dataclass(frozen=True, slots=True)
class _Heard:
    """Mean squares of signal and noise, in steps of the integers."""

    signal: float
    noise: float

    @classmethod
    def of(cls, wanted: Array, got: Array, kind: TensorType) -> "_Heard":
        unit = max(wanted.size, 1) * kind.quantization.scale**2
        return cls(energy(wanted) / unit, energy(wanted - dequantized(got, kind)) / unit)

    @property
    def db(self) -> float:
        if self.noise == 0:
            return _EXACT
        return 10 * float(np.log10(max(self.signal, 1e-30) / self.noise))

    def is_excused(self, *, excusable: bool) -> bool:
        """Tell whether the noise is within a step, and nothing, or nothing that counts, is lost."""
        return self.noise <= 1 and (excusable or self.signal < _SILENT**2)
