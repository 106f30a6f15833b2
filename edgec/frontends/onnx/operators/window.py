"""How ONNX spells windows: one or two spatial axes, explicit or automatic padding, ceil_mode.

Our windows always have H and W: a one-dimensional signal becomes an image of one row.
"""

from collections.abc import Sequence
from dataclasses import replace

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.movement.channels_first import to_channels_first, to_channels_last
from edgec.ops.movement.reshape import Reshape
from edgec.ops.registry import SourceNode

_SIGNAL, _IMAGE = 3, 4  # ranks of [N,C,L] and [N,C,H,W]


def to_image(node: SourceNode, g: GraphBuilder) -> ValueName:
    """Return input 0, [N,C,L] or [N,C,H,W], as an image [N,H,W,C]; H is 1 for a signal."""
    value = node.input(0)
    rank = g.type(value).rank
    if rank not in {_SIGNAL, _IMAGE}:
        raise node.reject(
            f"the input has shape {g.type(value).shape}; one or two spatial axes are supported",
            code="unsupported-shape",
            help="express the layer with Conv1d / Conv2d / MaxPool2d and the like",
        )
    data = to_channels_last(g, value)
    n, *size, channels = g.type(data).shape
    if rank == _SIGNAL:
        data = g.add1(Reshape(shape=(n, 1, *size, channels)), data, name=f"{value}.row")
    return data


def from_image(node: SourceNode, g: GraphBuilder, image: ValueName) -> Sequence[ValueName]:
    """Return an image [N,H,W,C] under the node's output name, with as many axes as input 0."""
    if g.type(node.input(0)).rank == _SIGNAL:
        n, _, width, channels = g.type(image).shape
        image = g.add1(Reshape(shape=(n, width, channels)), image, name=f"{image}.signal")
    return (to_channels_first(g, image, node.outputs[:1]),)


def window_from_onnx(
    node: SourceNode, g: GraphBuilder, image: ValueName, kernel: Sequence[int]
) -> Window:
    """Read strides, dilations and padding; ``kernel`` has one extent per spatial axis."""
    axes = g.type(node.input(0)).rank - 2
    strides = _pair(node, node.integers("strides", default=(1,) * axes), axes)
    dilations = _pair(node, node.integers("dilations", default=(1,) * axes), axes)
    window = Window(_pair(node, kernel, axes), strides, dilations)
    _, height, width, _ = g.type(image).shape
    return replace(window, pads=_pads(node, axes, window, (height, width)))


def pool_window_from_onnx(
    node: SourceNode, g: GraphBuilder, image: ValueName
) -> tuple[Window, Pads]:
    """Read a pool's window. Also return the padding that the model asks for.

    The window's own padding differs from that under ``ceil_mode``, which completes the last
    window but drops one that would start behind the image.
    """
    window = window_from_onnx(node, g, image, node.integers("kernel_shape"))
    if not node.flag("ceil_mode", default=False):
        return window, window.pads
    top, bottom, left, right = window.pads
    _, height, width, _ = g.type(image).shape
    ends = (
        _ceil_padding(height, top, bottom, window, 0),
        _ceil_padding(width, left, right, window, 1),
    )
    asked = (top, min(bottom, ends[0]), left, min(right, ends[1]))
    return replace(window, pads=(top, ends[0], left, ends[1])), asked


def _ceil_padding(extent: int, before: int, after: int, window: Window, axis: int) -> int:
    """Return the padding at the end that makes the number of windows what ceil_mode says."""
    stride, reach = window.strides[axis], window.reach(axis)
    outputs = -(-(extent + before + after - reach) // stride) + 1
    if (outputs - 1) * stride >= extent + before:
        outputs -= 1
    return max(0, (outputs - 1) * stride + reach - extent - before)


def _pads(node: SourceNode, axes: int, window: Window, size: tuple[int, int]) -> Pads:
    mode = node.text("auto_pad", default="NOTSET")
    if mode in {"SAME_UPPER", "SAME_LOWER"}:
        node.ignore("pads")
        top, bottom, left, right = same_padding(
            size, window.kernel, window.strides, window.dilations
        )
        return (top, bottom, left, right) if mode == "SAME_UPPER" else (bottom, top, right, left)
    if mode not in {"NOTSET", "VALID"}:
        raise node.reject(f"auto_pad {mode!r} is unknown", code="malformed-model")
    pads = node.integers("pads", default=(0,) * (2 * axes))
    if mode == "VALID":
        return 0, 0, 0, 0
    if len(pads) != 2 * axes or min(pads) < 0:
        raise node.reject(f"pads {pads} for {axes} spatial axes", help="pads are never negative")
    return (pads[0], pads[2], pads[1], pads[3]) if axes > 1 else (0, 0, pads[0], pads[1])


def _pair(node: SourceNode, values: Sequence[int], axes: int) -> tuple[int, int]:
    """Return values along H and W; a signal's H counts 1."""
    if len(values) != axes or min(values) < 1:
        raise node.reject(f"window {tuple(values)} for {axes} spatial axes", code="malformed-model")
    return (values[0], values[1]) if axes > 1 else (1, values[0])
