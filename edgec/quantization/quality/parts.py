"""How good each part of a model's outputs is: a loud part drowns the noise of a faint one.

Parts are outputs, operands of concatenations, and groups of channels of like magnitude.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgec.ir import Array, Graph, TensorType, ValueName
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.operator import is_float
from edgec.quantization.quality.origins import Origin, Origins, origins_of
from edgec.quantization.quality.sqnr import Judged, judged_outputs, real_outputs

# Chosen by hand: channels 24 dB fainter than others are a group of their own; what is fainter than
# the loudest channel by the range of int16 is nothing that any width could show.
_GROUP = 16.0
_FAINT = 2.0**-12
_FLOOR = 1e-30


@dataclass(frozen=True, slots=True)
class Part:
    """One part: an ``output``, or an ``operand`` in it or in an inner concatenation (``of``).

    ``before`` names the final function (softmax, logistic, arg_max) where it is not the output
    that was measured but the value that this function reads. ``channels`` are those of the operand
    or of the output's maker, as ranges; None stands for all. ``noise`` is relative to the signal,
    ``step`` that of the integers. What is ``judged`` counts for ``--max-drop``: it reaches the
    model's outputs.
    """

    output: str | None
    operand: str | None
    of: str | None
    before: str | None
    channels: tuple[tuple[int, int], ...] | None
    low: float
    high: float
    noise: float
    step: float
    judged: bool

    @property
    def sqnr_db(self) -> float:
        return -10 * float(np.log10(self.noise + _FLOOR))

    @property
    def is_lost(self) -> bool:
        """Whether the part is smaller than one step of its integers."""
        return max(-self.low, self.high, self.high - self.low) < self.step

    def __str__(self) -> str:
        inside = f"{self.output or self.of!r}"
        if self.before is not None:
            inside = f"{inside} before its {self.before}"
        where = f"{self.operand!r} in {inside}" if self.operand else inside
        if self.channels is None:
            return where
        shown = (f"{a}" if b == a + 1 else f"{a}..{b - 1}" for a, b in self.channels)
        return f"channels {', '.join(shown)} of {where}"

    def to_json(self) -> dict[str, Any]:
        """Return one of report.json's ``quantization.parts``."""
        return {
            "output": self.output,
            "operand": self.operand,
            "of": self.of,
            "before": self.before,
            "channels": None if self.channels is None else [list(each) for each in self.channels],
            "sqnr_db": self.sqnr_db,
            "low": self.low,
            "high": self.high,
            "step": self.step,
            "judged": self.judged,
        }


@dataclass(eq=False)
class PartMeter:
    """Measures all parts of a float graph over the samples that are added."""

    targets: Sequence["_Target"]

    @classmethod
    def of(cls, graph: Graph, *, inner: bool = True) -> "PartMeter":
        """Begin to measure; ``inner`` concatenations, too, where nothing but layers read them."""
        targets, seen = list[_Target](), set[ValueName]()
        judged = judged_outputs(graph, states=False)
        for each in judged:
            found = origins_of(graph, each.value)
            targets.append(_Target(each, None, found))
            seen |= found.moved
        hidden = {each.output for each in judged if each.before is not None}
        targets += [_whole(graph, each) for each in real_outputs(graph) if each in hidden]
        for node in graph.nodes if inner else ():
            value = node.outputs[0]
            joins = isinstance(node.op, Concatenation) and is_float(graph.types[value])
            if joins and value not in seen:
                joined = Judged(None, value, None)
                targets.append(_Target(joined, node.name, origins_of(graph, value)))
        return cls(targets)

    @property
    def values(self) -> set[ValueName]:
        """What is measured of the model's outputs."""
        return {each.judged.value for each in self.targets if each.judged.output is not None}

    def add(self, wanted: Mapping[ValueName, Array], got: Mapping[ValueName, Array]) -> None:
        """Take in more samples, real values [samples, ...]; what is missing is left out."""
        for each in self.targets:
            value = each.judged.value
            x, y = wanted.get(value), got.get(value)
            if x is not None and y is not None and x.shape == y.shape:
                each.add(x, y)

    def parts(self, kinds: Mapping[ValueName, TensorType]) -> tuple[Part, ...]:
        """Return every part; ``kinds`` are the types of the integers."""
        return tuple(part for each in self.targets for part in each.parts(kinds))


@dataclass(eq=False)
class _Target:
    """Sums per channel of what a value is made of; ``node`` makes one that is no output."""

    judged: Judged
    node: str | None
    found: Origins
    _order: Array = field(init=False)  # elements by their number
    _starts: Array = field(init=False)  # the first of each number that occurs
    _present: Array = field(init=False)
    _sums: Array | None = None  # noise, signal, elements; [3, numbers that occur]
    _extremes: Array | None = None  # [2, numbers that occur]

    def __post_init__(self) -> None:
        flat = self.found.numbers.reshape(-1)
        self._order = np.argsort(flat, kind="stable")
        self._present, self._starts = np.unique(flat[self._order], return_index=True)

    def add(self, wanted: Array, got: Array) -> None:
        if not self.found.numbers.size:
            return
        x, y = (each.reshape(len(each), -1)[:, self._order] for each in (wanted, got))
        noise, signal = (self._summed(each) for each in (x - y, x))
        count = np.diff([*self._starts, x.shape[1]]) * float(len(x))
        low = np.minimum.reduceat(x.min(axis=0), self._starts)
        high = np.maximum.reduceat(x.max(axis=0), self._starts)
        sums, extremes = np.stack([noise, signal, count]), np.stack([low, high])
        if self._sums is None or self._extremes is None:
            self._sums, self._extremes = sums, extremes
            return
        self._sums += sums
        known = self._extremes
        self._extremes = np.stack([np.minimum(known[0], low), np.maximum(known[1], high)])

    def _summed(self, x: Array) -> Array:
        squares = np.square(x, dtype=np.float64).sum(axis=0)
        return np.asarray(np.add.reduceat(squares, self._starts))

    def parts(self, kinds: Mapping[ValueName, TensorType]) -> Iterator[Part]:
        kind, is_output = kinds.get(self.judged.value), self.judged.output is not None
        if self._sums is None or kind is None or kind.qparams is None:
            return
        step = kind.quantization.scale
        origins = self.found.origins
        if is_output:
            yield self._part(None, None, self._present >= 0, step)
        for origin in origins:
            inside = self._of(origin)
            if len(origins) > 1 and self._signal(inside):
                yield self._part(origin.value, None, inside, step)
            if is_output:
                yield from self._groups(origin, inside, step, len(origins) > 1)

    def _of(self, origin: Origin) -> Array:
        numbers = self._present - origin.first
        return np.asarray((numbers >= 0) & (numbers < origin.channels))

    def _groups(self, origin: Origin, inside: Array, step: float, named: bool) -> Iterator[Part]:
        """Yield the groups of channels of like magnitude, where there are several."""
        assert self._sums is not None  # noqa: S101 - the caller has looked
        sizes = np.sqrt(self._sums[1] / self._sums[2]) * inside
        largest = float(sizes.max(initial=0.0))
        if largest <= 0:
            return
        ratio = largest / np.where(sizes > 0, sizes, largest)
        levels = np.floor(np.log(ratio) / np.log(_GROUP))
        known = sorted({*levels[sizes > 0].tolist()})
        for level in known if len(known) > 1 else ():
            members = (sizes > 0) & (levels == level)
            faint = float(sizes[members].max()) < _FAINT * largest
            channels = _ranges(self._present[members] - origin.first)
            name = origin.value if named else None
            yield self._part(name, channels, members, step, judged=not faint)

    def _signal(self, inside: Array) -> float:
        assert self._sums is not None  # noqa: S101 - the caller has looked
        return float(self._sums[1][inside].sum())

    def _part(
        self,
        operand: ValueName | None,
        channels: tuple[tuple[int, int], ...] | None,
        inside: Array,
        step: float,
        *,
        judged: bool = True,
    ) -> Part:
        assert self._sums is not None  # noqa: S101 - the caller has looked
        assert self._extremes is not None  # noqa: S101 - likewise
        noise, signal, _ = self._sums[:, inside].sum(axis=1)
        low, high = self._extremes[0][inside].min(), self._extremes[1][inside].max()
        return Part(
            self.judged.output,
            operand,
            self.node,
            self.judged.before,
            channels,
            float(low),
            float(high),
            float(noise / (signal + _FLOOR)),
            step,
            judged and self.judged.output is not None,
        )


def _whole(graph: Graph, output: ValueName) -> _Target:
    """Return an output as one part: no scale of its own could do more for some of its channels."""
    every = np.ones(graph.types[output].shape, np.int64)
    return _Target(Judged(output, output, None), None, Origins(every, (), frozenset()))


def _ranges(numbers: Array) -> tuple[tuple[int, int], ...]:
    """Return sorted numbers as ranges, ends excluded."""
    breaks = np.flatnonzero(np.diff(numbers) > 1) + 1
    runs = np.split(numbers, breaks)
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)
