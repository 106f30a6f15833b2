"""Fuses zero padding of H and W into the window of the convolution behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node, ValueName
from edgec.ops.layers.weighted_layer import WindowedLayer
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.passes.layout.permutations import is_unit_reshape
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite

Paddings = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FusePad:
    """Convolutions count what lies outside as 0, so a Pad of zeros before them is theirs.

    A reshape in between that adds an axis of extent 1 (one-dimensional layers) does not hinder.
    """

    name: ClassVar[str] = "fuse_pad"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _fuse)


def _fuse(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, WindowedLayer):
        return None
    shape = around.type(node.inputs[0]).shape
    pad = around.producer(node.inputs[0])
    reshape = pad if pad is not None and isinstance(pad.op, Reshape) else None
    if pad is not None and reshape is not None:
        pad = around.producer(pad.inputs[0])
    if pad is None or not isinstance(pad.op, Pad) or pad.op.value != 0:
        return None
    paddings = _on_image(pad.op.paddings, around.type(pad.outputs[0]).shape, shape)
    if paddings is None or any(map(any, (paddings[0], paddings[3]))):
        return None
    draft = Draft(around, [pad, node])
    x = pad.inputs[0]
    if reshape is not None:
        x = _reshaped(draft, reshape, x, shape, paddings)
    op = node.op.padded((*paddings[1], *paddings[2]))
    draft.add(op, [x, *node.inputs[1:]], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _on_image(paddings: Paddings, old: Sequence[int], new: Sequence[int]) -> Paddings | None:
    """Return the paddings of a tensor of shape ``old`` as those of its reshape to ``new``."""
    if tuple(old) == tuple(new):
        return paddings
    if not is_unit_reshape(old, new):
        return None
    pairs = [pair for pair, extent in zip(paddings, old, strict=True) if extent != 1]
    return tuple(pairs.pop(0) if extent != 1 else (0, 0) for extent in new)


def _reshaped(
    draft: Draft, reshape: Node, x: ValueName, shape: Sequence[int], paddings: Paddings
) -> ValueName:
    """Reshape what is not padded yet."""
    smaller = tuple(extent - sum(pair) for extent, pair in zip(shape, paddings, strict=True))
    return draft.add(Reshape(shape=smaller), [x], name=reshape.name)
