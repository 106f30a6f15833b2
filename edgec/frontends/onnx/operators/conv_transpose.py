"""ONNX ConvTranspose: a transposed convolution, or where each channel is a group a depthwise one.

TFLite has no depthwise transposed convolution; a depthwise convolution over the input with zeros
between its pixels does the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.frontends.onnx.operators.window import from_image, to_image
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.layers.windows import Window
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.registry import Format, SourceNode, importer

_LARGEST = 1 << 10  # rows or columns of a dilated kernel


@dataclass(frozen=True, slots=True)
class _Axis:
    """One spatial axis: extents of input and kernel, and what the node says about it."""

    extent: int
    kernel: int
    stride: int
    crop: int  # before the output
    size: int

    @property
    def stuffed(self) -> int:
        """Elements of the input with stride - 1 zeros behind each."""
        return self.extent * self.stride

    @property
    def pads(self) -> tuple[int, int]:
        """Padding of the stuffed input for a convolution that gives the output."""
        before = self.kernel - 1 - self.crop
        return before, self.size - 1 + self.kernel - self.stuffed - before


@importer(Format.ONNX, "ConvTranspose")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    groups = node.integer("group", default=1)
    weights = _weights(node, g, groups)
    image = to_image(node, g)
    axes = _axes(node, g, image, weights.shape[2:])
    depthwise = 1 < groups == weights.shape[0] and min(pad for a in axes for pad in a.pads) >= 0
    add = _depthwise if depthwise else _dense
    return from_image(node, g, add(node, g, image, weights, axes))


def _weights(node: SourceNode, g: GraphBuilder, groups: int) -> Array:
    """Return the weights [C,O/groups,KH,KW] with the zeros of a dilated kernel in place."""
    weights, x = node.constant(g, 1), g.type(node.input(0))
    kernel = node.integers("kernel_shape", default=weights.shape[2:])
    if weights.ndim != x.rank or kernel != weights.shape[2:] or 0 in weights.shape:
        message = f"weights {weights.shape} for data {x.shape} and kernel_shape {kernel}"
        raise node.reject(message, code="malformed-model")
    if x.shape[1] != weights.shape[0] or groups < 1 or weights.shape[0] % groups:
        message = f"weights {weights.shape} do not fit {x.shape[1]} channels in {groups} groups"
        raise node.reject(message, code="malformed-model")
    bias = node.constant(g, 2).shape if len(node.present_inputs()) > 2 else None  # noqa: PLR2004
    if bias not in {None, (weights.shape[1] * groups,)}:
        raise node.reject(f"bias {bias} for weights {weights.shape}", code="malformed-model")
    dilated = _dilated(node, weights)
    return dilated.reshape(*dilated.shape[:2], -1, dilated.shape[-1]) if x.rank == 3 else dilated  # noqa: PLR2004


def _dilated(node: SourceNode, weights: Array) -> Array:
    """Return weights with dilation - 1 zeros between the taps."""
    axes = weights.ndim - 2
    dilations = node.integers("dilations", default=(1,) * axes)
    if len(dilations) != axes or min(dilations, default=1) < 1:
        raise node.reject(f"dilations {dilations}", code="malformed-model")
    kernel = [(k - 1) * d + 1 for k, d in zip(weights.shape[2:], dilations, strict=True)]
    if max(kernel, default=1) > _LARGEST:
        raise node.reject(f"a dilated kernel of {kernel}", code="model-too-large")
    stuffed = np.zeros((*weights.shape[:2], *kernel), weights.dtype)
    stuffed[(..., *(slice(None, None, d) for d in dilations))] = weights
    return stuffed


def _axes(
    node: SourceNode, g: GraphBuilder, image: ValueName, kernel: Sequence[int]
) -> tuple[_Axis, _Axis]:
    """Read strides, padding and the output's size; a signal's H has one row."""
    count = g.type(node.input(0)).rank - 2
    shape = g.type(image).shape
    strides = _numbers(node, "strides", count, 1)
    extra = _numbers(node, "output_padding", count, 0)
    sizes = node.integers("output_shape", default=())[-count:]
    listed = [
        _axis(node, shape[3 - count + i], kernel[2 - count + i], strides[i], extra[i], place)
        for i, place in enumerate(_places(node, count, sizes))
    ]
    row = [_Axis(1, 1, 1, 0, 1)] * (2 - count)
    first, second = [*row, *listed]
    return first, second


Place = tuple[str, int | None, tuple[int, int]]
"""auto_pad, the stated size of the output, the stated padding."""


def _places(node: SourceNode, count: int, sizes: Sequence[int]) -> list[Place]:
    mode = node.text("auto_pad", default="NOTSET")
    if mode not in {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}:
        raise node.reject(f"auto_pad {mode!r} is unknown", code="malformed-model")
    pads = node.integers("pads", default=(0,) * (2 * count))
    if len(pads) != 2 * count or len(sizes) not in {0, count}:
        message = f"pads {pads} and output_shape {tuple(sizes)} for {count} spatial axes"
        raise node.reject(message, code="malformed-model")
    return [(mode, sizes[i] if sizes else None, (pads[i], pads[count + i])) for i in range(count)]


def _axis(
    node: SourceNode, extent: int, kernel: int, stride: int, extra: int, place: Place
) -> _Axis:
    """Return where the output lies on all that the patches cover, as the ONNX standard has it."""
    mode, size, pads = place
    covered = stride * (extent - 1) + extra + kernel
    if mode.startswith("SAME") and size is None:
        size = extent * stride
    if size is not None:
        total = max(0, covered - size)
        half = total // 2
        # The standard puts the odd element in front, but for SAME_UPPER.
        pads = (half, total - half) if mode == "SAME_UPPER" else (total - half, half)
    elif mode == "VALID":
        pads = (0, 0)
    size = covered - sum(pads) if size is None else size
    if size < 1 or min(pads) < 0:
        message = f"pads {pads} leave {size} of {covered} elements"
        raise node.reject(message, code="unsupported-shape", help="check the padding")
    return _Axis(extent, kernel, stride, pads[0], size)


def _numbers(node: SourceNode, name: str, count: int, smallest: int) -> tuple[int, ...]:
    numbers = node.integers(name, default=(smallest,) * count)
    if len(numbers) != count or min(numbers) < smallest:
        raise node.reject(f"{name} {numbers} for {count} spatial axes", code="malformed-model")
    return numbers


def _bias(node: SourceNode) -> tuple[ValueName, ...]:
    return node.present_inputs()[2:]


def _dense(
    node: SourceNode, g: GraphBuilder, image: ValueName, weights: Array, axes: tuple[_Axis, _Axis]
) -> ValueName:
    """Add a transposed convolution; groups become blocks of weights with zeros around."""
    groups = node.integer("group", default=1)
    inputs, per_group, kh, kw = weights.shape
    full = np.zeros((per_group * groups, kh, kw, inputs), weights.dtype)
    depth = inputs // groups
    for group in range(groups):
        rows = slice(group * per_group, (group + 1) * per_group)
        columns = slice(group * depth, (group + 1) * depth)
        full[rows, :, :, columns] = weights[columns].transpose(1, 2, 3, 0)
    op = TransposeConv2D(
        strides=(axes[0].stride, axes[1].stride),
        crop=(axes[0].crop, axes[1].crop),
        size=(axes[0].size, axes[1].size),
    )
    ohwi = g.constant(f"{node.inputs[1]}.ohwi", full)
    return g.add1(op, image, ohwi, *_bias(node), name=node.name)


def _depthwise(
    node: SourceNode, g: GraphBuilder, image: ValueName, weights: Array, axes: tuple[_Axis, _Axis]
) -> ValueName:
    """Add zeros between the pixels, and a depthwise convolution with the mirrored kernel."""
    stuffed = image
    for axis, each in enumerate(axes, start=1):
        stuffed = _stuffed(node, g, stuffed, axis, each.stride)
    (top, bottom), (left, right) = axes[0].pads, axes[1].pads
    kernel = (weights.shape[2], weights.shape[3])
    window = Window(kernel, pads=(top, bottom, left, right))
    mirrored = weights[:, :, ::-1, ::-1].transpose(2, 3, 0, 1).reshape(1, *kernel, -1)
    ours = g.constant(f"{node.inputs[1]}.ihwo", mirrored)
    return g.add1(DepthwiseConv2D(window=window), stuffed, ours, *_bias(node), name=node.name)


def _stuffed(
    node: SourceNode, g: GraphBuilder, image: ValueName, axis: int, stride: int
) -> ValueName:
    """Put stride - 1 zeros behind each row (axis 1) or column (axis 2) of an image [N,H,W,C]."""
    shape = list(g.type(image).shape)
    if stride == 1:
        return image
    outer = int(np.prod(shape[: axis + 1]))
    inner = int(np.prod(shape[axis + 1 :]))
    name = f"{node.name}/zeros{axis}"
    split = g.add1(Reshape(shape=(outer, 1, inner)), image, name=f"{name}/split")
    grown = g.add1(Pad(paddings=((0, 0), (0, stride - 1), (0, 0))), split, name=name)
    shape[axis] *= stride
    return g.add1(Reshape(shape=tuple(shape)), grown, name=f"{name}/join")
