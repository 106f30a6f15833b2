"""Why a layer loses precision, guessed from what its values and weights look like."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, Graph, Node, TensorType, ValueName
from edgec.ops.base import Operator

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


def hint_for(integer: Graph, node: Node, levels: Mapping[ValueName, float], seen: Observed) -> str:
    """Return the likely cause of a low SQNR and what to do; empty where the layer is fine."""
    level = levels[node.outputs[0]]
    inputs = [levels[value] for value in node.inputs if value in levels]
    if level >= _FINE_DB:
        return ""
    if inputs and level > min(inputs) - _INHERITED_DB:
        return "inherited: the layers before lose it"
    kind = integer.types[node.outputs[0]]
    for cause in (_saturates(seen), _wastes_range(seen, kind), _has_outlier(seen)):
        if cause:
            return cause
    return _has_tiny_weights(integer, node) or "8 bits are few here: try --quantize int16x8"


def _saturates(seen: Observed) -> str:
    share = seen.clipped / max(1, seen.count)
    if share < _SATURATED:
        return ""
    return (
        f"saturating range: {share:.1%} of the values lie outside; "
        "calibrate with samples that reach as far, or with --calibration minmax"
    )


def _wastes_range(seen: Observed, kind: TensorType) -> str:
    limits = np.iinfo(kind.dtype.numpy)
    span = kind.quantization.scale * (int(limits.max) - int(limits.min))
    used = (seen.high - seen.low) / span
    if used > _UNUSED:
        return ""
    return (
        f"shared or fixed scale: only {used:.0%} of the range is used; let what is concatenated or "
        "moved together have like magnitudes"
    )


def _has_outlier(seen: Observed) -> str:
    typical = float(np.median(seen.channels))
    worst = int(np.argmax(seen.channels))
    largest = float(seen.channels[worst])
    if len(seen.channels) == 1 or largest < _OUTLIER * typical:
        return ""
    return (
        f"outlier channel: channel {worst} reaches {largest:.3g}, the typical one {typical:.3g}; "
        "train with weight decay or batch norm here, or try --quantize int16x8"
    )


def _has_tiny_weights(integer: Graph, node: Node) -> str:
    op = node.op
    if not isinstance(op, Operator) or op.weight_rule is None or op.weight_rule.axis is not None:
        return ""
    weights = np.abs(integer.constants[node.inputs[1]].astype(np.int16))
    rows = weights.reshape(len(weights), -1).max(axis=1)
    if rows.max(initial=0) < _TINY * np.median(rows):
        return ""
    return "tiny weights: most outputs' weights are far below the largest, with one scale for all"
