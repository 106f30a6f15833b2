"""The door between ONNX's channels-first tensors and our channels-last ones.

Importers of layout-bound operators wrap them in transposes; the pass ``move_transposes`` then
cancels these against each other, so that a CNN keeps none.
"""

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.movement.transpose import Transpose


def to_channels_last(g: GraphBuilder, value: ValueName) -> ValueName:
    """Return [N,C,...] as [N,...,C]."""
    rank = g.type(value).rank
    return g.add1(Transpose(perm=(0, *range(2, rank), 1)), value, name=f"{value}.nhwc")


def to_channels_first(g: GraphBuilder, value: ValueName, outputs: tuple[str, ...]) -> ValueName:
    """Return [N,...,C] as [N,C,...], under the name the source model gives it."""
    rank = g.type(value).rank
    op = Transpose(perm=(0, rank - 1, *range(1, rank - 1)))
    (result,) = g.add(op, [value], name=f"{outputs[0]}.nchw", outputs=outputs)
    return result
