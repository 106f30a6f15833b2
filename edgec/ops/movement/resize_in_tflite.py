"""How TFLite spells resizing: a constant size, and where the grid of the output lies."""

from typing import TypedDict

from edgec.ir import GraphBuilder
from edgec.ops.registry import SourceNode

_LARGEST = 1 << 14  # rows or columns; keeps hostile files from asking for huge tables


class ResizeFlags(TypedDict):
    """Where output pixels lie on the input: corner on corner, or centers; neither: the fronts."""

    align_corners: bool
    half_pixel_centers: bool


def resize_size(node: SourceNode, g: GraphBuilder) -> tuple[int, int]:
    """Return rows and columns of the output (input 1); input 0 must be an image [N,H,W,C]."""
    shape, size = g.type(node.input(0)).shape, [int(each) for each in node.constant(g, 1).flat]
    if len(shape) != 4 or len(size) != 2 or min(size) < 1:  # noqa: PLR2004 - NHWC; H and W
        raise node.reject(f"size {size} of an input {shape}", code="malformed-model")
    if max(size) > _LARGEST:
        raise node.reject(f"size {size} is beyond {_LARGEST}", code="model-too-large")
    return size[0], size[1]


def resize_flags(node: SourceNode) -> ResizeFlags:
    align = node.flag("align_corners", default=False)
    half = node.flag("half_pixel_centers", default=False)
    if align and half:
        raise node.reject("align_corners and half_pixel_centers together", help="use one of them")
    return {"align_corners": align, "half_pixel_centers": half}
