"""Padding with elements of the tensor itself: they are gathered, axis by axis.

TFLite MIRROR_PAD; ONNX Pad with mode reflect, edge or wrap.
"""

from collections.abc import Sequence

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.movement.gather import check_table, gathered
from edgec.ops.registry import Format, SourceNode, importer

_TFLITE_MODES = {"REFLECT": "reflect", "SYMMETRIC": "symmetric"}
_MODES = ("reflect", "symmetric", "edge", "wrap")
_MAX_PADS = 1 << 16
_FARTHEST = {"reflect": 1, "symmetric": 0}  # elements that a border cannot use


@importer(Format.TFLITE, "MIRROR_PAD")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    pairs = node.constant(g, 1).reshape(-1, 2)
    mode = _TFLITE_MODES.get(node.text("mode"), "")
    return pad_by_elements(node, g, [(int(first), int(last)) for first, last in pairs], mode)


def pad_by_elements(
    node: SourceNode, g: GraphBuilder, pairs: Sequence[tuple[int, int]], mode: str
) -> Sequence[ValueName]:
    """Add what pads axis i by ``pairs[i]`` = (before, after) elements, as ``numpy.pad`` does."""
    if mode not in _MODES:
        raise node.reject(f"mode {mode!r}", help=f"pad with zeros, or by {', '.join(_MODES)}")
    value = node.input(0)
    _check(node, g.type(value).shape, pairs, mode)
    padded = [axis for axis, pair in enumerate(pairs) if any(pair)] or [0]
    for axis in padded:
        check_table(node, g.type(value).shape[axis] + sum(pairs[axis]))
        indices = np.pad(np.arange(g.type(value).shape[axis]), pairs[axis], mode=mode)  # type: ignore[call-overload]
        last = axis == padded[-1]
        part = node if last else node.part(suffix=f"axis{axis}")
        (value,) = gathered(part, g, value, axis, indices)
    return [value]


def _check(
    node: SourceNode, shape: Sequence[int], pairs: Sequence[tuple[int, int]], mode: str
) -> None:
    most = [extent - _FARTHEST[mode] if mode in _FARTHEST else _MAX_PADS for extent in shape]
    if len(pairs) != len(shape) or any(
        not 0 <= each <= limit for pair, limit in zip(pairs, most, strict=False) for each in pair
    ):
        message = f"paddings {tuple(pairs)} do not fit {tuple(shape)} with mode {mode!r}"
        raise node.reject(message, code="malformed-model")
