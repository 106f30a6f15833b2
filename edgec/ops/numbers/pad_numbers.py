"""Borders around plain numbers: blocks of one number, put before and behind."""

from collections.abc import Sequence
from math import prod

import numpy as np

from edgec.ir import GraphBuilder, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.gather import check_table
from edgec.ops.movement.mirror_pad import pad_by_elements
from edgec.ops.movement.pad import flat_constant, pads_of_onnx
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.registry import Format, SourceNode, number_importer


@number_importer(Format.TFLITE, "PAD", "PADV2")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    fill = node.constant(g, 2).item() if len(node.present_inputs()) > 2 else 0  # noqa: PLR2004
    pairs = node.constant(g, 1).reshape(-1, 2)
    return _pad(node, g, [(int(before), int(after)) for before, after in pairs], fill)


@number_importer(Format.ONNX, "Pad")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    mode = node.text("mode", default="constant")
    node, pairs = pads_of_onnx(node, g)
    if mode != "constant":
        return pad_by_elements(node, g, pairs, mode)
    return _pad(node, g, pairs, flat_constant(node, g, 2, np.zeros(1, np.int32))[0].item())


def _pad(
    node: SourceNode, g: GraphBuilder, pairs: Sequence[tuple[int, int]], fill: float
) -> Sequence[ValueName]:
    """Add a concatenation for each axis that grows."""
    x, steps = in_32_bits(g, node.input(0)), Expression(node, g)
    if len(pairs) != g.type(x).rank:
        raise node.reject(f"paddings {tuple(pairs)} of {g.type(x)}", code="malformed-model")
    if any(min(pair) < 0 for pair in pairs):
        raise node.reject(
            f"negative paddings {tuple(pairs)}", help="replace the negative padding by a slice"
        )
    for axis, pair in enumerate(pairs):
        if not any(pair):
            continue
        kind = g.type(x)
        before, after = (_border(node, g, kind, axis, count, fill) for count in pair)
        x = steps.add(Concatenation(axis=axis), *before, x, *after)
    return add_or_fold(node, g, Reshape(shape=g.type(x).shape), [x])


def _border(
    node: SourceNode, g: GraphBuilder, kind: TensorType, axis: int, count: int, fill: float
) -> list[ValueName]:
    """Return a block of ``count`` rows along an axis; nothing where there are none."""
    if not count:
        return []
    shape = (*kind.shape[:axis], count, *kind.shape[axis + 1 :])
    check_table(node, prod(shape))
    block = np.full(shape, fill).astype(kind.dtype.numpy)
    return [g.constant(f"{node.name}/border", block)]
