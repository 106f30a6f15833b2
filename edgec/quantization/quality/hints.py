"""Why a layer loses precision, guessed from what its values and weights look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, DType, Graph, Node, TensorType, ValueName
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import Operator, OutputRule

INHERITED = "inherited"
"""How the hint of a layer begins that only passes on what others lost."""

_REGULARIZE = "train with weight decay or batch norm there"
_SCALE_FEATURES = "scale all features alike before training"
# Chosen by hand; no measurement is on record: thresholds from which a cause is worth naming. They
# change what people are told, not what is built.
_FINE_DB = 30.0  # layers above this need no hint
_INHERITED_DB = 3.0  # what a layer may lose to its input before it is to blame itself
_OUTLIER = 8.0  # the largest channel over the typical one
_SATURATED = 1e-3  # share of clipped elements
_UNUSED = 0.4  # share of the range that is used
_TINY = 16.0  # the largest weight row over the typical one, with one scale for all


@dataclass(frozen=True, slots=True)
class Observed:
    """What float values were like: magnitudes per channel, extremes, and how many are clipped."""

    channels: Array
    low: float
    high: float
    clipped: int
    count: int

    @classmethod
    def of(cls, x: Array, kind: TensorType) -> "Observed":
        q, limits = kind.quantization, np.iinfo(kind.dtype.numpy)
        low, high = (q.scale * (each - q.zero_point) for each in (limits.min, limits.max))
        rows = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x.reshape(-1, 1)
        outside = (x < low - q.scale) | (x > high + q.scale)
        extremes = float(x.min(initial=0.0)), float(x.max(initial=0.0))
        return cls(np.abs(rows).max(axis=0), *extremes, int(outside.sum()), x.size)

    def __add__(self, other: "Observed") -> "Observed":
        return Observed(
            np.maximum(self.channels, other.channels),
            min(self.low, other.low),
            max(self.high, other.high),
            self.clipped + other.clipped,
            self.count + other.count,
        )


@dataclass(eq=False)
class Causes:
    """Finds the likely cause for every value of an integer graph that lost too much.

    ``levels`` are SQNRs in dB, ``seen`` what the float values were like; both know the inputs too.
    """

    integer: Graph
    levels: Mapping[ValueName, float]
    seen: Mapping[ValueName, Observed]
    _roots: dict[ValueName, str] = field(default_factory=dict)  # who lost what a value lacks
    _makers: dict[ValueName, Node] = field(default_factory=dict)

    def hints(self) -> dict[ValueName, str]:
        """Return the cause and what to do for each node's first output; empty where it is fine."""
        self._makers = self.integer.producers()
        known = [node for node in self.integer.nodes if node.outputs[0] in self.levels]
        return {node.outputs[0]: self._hint(node) for node in known}

    def _hint(self, node: Node) -> str:
        value = node.outputs[0]
        level = self.levels[value]
        if level >= _FINE_DB:
            return ""
        sources = [each for each in node.inputs if each in self.levels]
        worst = min(sources, key=lambda each: self.levels[each], default=None)
        if worst is None or level <= self.levels[worst] - _INHERITED_DB:
            self._roots[value] = _called(node)
            return self._own(node, sources)
        if worst in self._makers:
            self._roots[value] = self._roots.get(worst, _called(self._makers[worst]))
            return f"{INHERITED} from {self._roots[value]}"
        self._roots[value] = f"the input {worst!r}"
        return self._of_input(worst)

    def _of_input(self, name: ValueName) -> str:
        seen, kind = self.seen[name], self.integer.types[name]
        cause = _saturates(seen) or _has_outlier(seen, kind, _SCALE_FEATURES)
        return f"the input {name!r}: {cause or 'its 8 bits are few'}"

    def _own(self, node: Node, sources: Sequence[ValueName]) -> str:
        value = node.outputs[0]
        seen = self.seen[value]
        return (
            _saturates(seen)
            or self._wastes_range(value)
            or _has_outlier(seen, self.integer.types[value], _REGULARIZE)
            or self._has_outliers_in(sources)
            or _has_tiny_weights(self.integer, node)
            or self._too_few_bits(value)
        )

    def _wastes_range(self, value: ValueName) -> str:
        kind = self.integer.types[value]
        used = _used(self.seen[value], kind)
        if used > _UNUSED:
            return ""
        start = f"only {used:.0%} of the range is used; "
        op = self._makers[value].op
        if isinstance(op, Operator) and op.output_rule is OutputRule.FIXED:
            return f"fixed scale: {start}TFLite prescribes it for {op.name}"
        other = self._shares_with(value)
        if other:
            return f"shared scale: {start}{other} needs it; give both like magnitudes in training"
        return f"wide range: {start}calibrate with samples like these"

    def _shares_with(self, value: ValueName) -> str:
        """Return who fills the range that a value shares with it; empty where nobody does."""
        kind = self.integer.types[value]
        others = {v for v in self.seen if self.integer.types[v].qparams == kind.qparams} - {value}
        others = {v for v in others if not self._carries(v)}
        if not others:
            return ""
        widest = max(sorted(others), key=lambda each: _used(self.seen[each], kind))
        if _used(self.seen[widest], kind) <= _UNUSED:
            return ""
        maker = self._makers.get(widest)
        return _called(maker) if maker else f"the input {widest!r}"

    def _carries(self, value: ValueName) -> bool:
        """Tell whether a value is only what others are, moved or put together."""
        op = self._makers[value].op if value in self._makers else None
        return isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT

    def _has_outliers_in(self, sources: Sequence[ValueName]) -> str:
        for each in sources:
            maker = self._makers.get(each)
            advice = _REGULARIZE if maker else _SCALE_FEATURES
            cause = _has_outlier(self.seen[each], self.integer.types[each], advice)
            if cause:
                return f"in {_called(maker) if maker else f'the input {each!r}'}: {cause}"
        return ""

    def _too_few_bits(self, value: ValueName) -> str:
        if self.integer.types[value].dtype is DType.INT16:
            return "8-bit weights are few here"
        return "8 bits are few here: ask for int16 with --max-drop"


def _saturates(seen: Observed) -> str:
    share = seen.clipped / max(1, seen.count)
    if share < _SATURATED:
        return ""
    return (
        f"saturating range: {share:.1%} of the values lie outside; "
        "calibrate with samples that reach as far, or with --calibration minmax"
    )


def _used(seen: Observed, kind: TensorType) -> float:
    """Return the share of a range that values use; int16 has four times what they need."""
    q, limits = kind.quantization, np.iinfo(kind.dtype.numpy)
    if kind.dtype is DType.INT16:
        return 4 * max(-seen.low, seen.high) / (q.scale * int(limits.max))
    return (seen.high - seen.low) / (q.scale * (int(limits.max) - int(limits.min)))


def _has_outlier(seen: Observed, kind: TensorType, advice: str) -> str:
    typical = float(np.median(seen.channels))
    worst = int(np.argmax(seen.channels))
    largest = float(seen.channels[worst])
    if len(seen.channels) == 1 or largest < _OUTLIER * typical:
        return ""
    more = "" if kind.dtype is DType.INT16 else ", or ask for int16 with --max-drop"
    return (
        f"outlier channel: channel {worst} reaches {largest:.3g}, the typical one {typical:.3g}; "
        f"{advice}{more}"
    )


def _called(node: Node) -> str:
    """Return a node's name, quoted; the first one where a converter joined several."""
    return repr(node.name.split(";")[0])


def _has_tiny_weights(integer: Graph, node: Node) -> str:
    op = node.op
    if not isinstance(op, WeightedLayer) or op.scale_axis is not None:
        return ""
    if len(integer.types[node.inputs[1]].quantization.scales) > 1:
        return ""
    weights = np.abs(integer.constants[node.inputs[1]].astype(np.int16))
    rows = weights.reshape(len(weights), -1).max(axis=1)
    if rows.max(initial=0) < _TINY * np.median(rows):
        return ""
    return "tiny weights: most outputs' weights are far below the largest, with one scale for all"
