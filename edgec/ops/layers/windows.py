"""Sliding windows: padding and output size, shared by convolutions and pools."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgec.ir import Array, TensorType, TooLargeError

Pads = tuple[int, int, int, int]  # top, bottom, left, right

_LARGEST_POOL = 4096  # rows or columns; keeps hostile files from asking for terabytes
_MOST_POSITIONS = 1 << 20  # along an axis
_MOST_PIXELS = 1 << 22  # of an image with its padding, unless most of it is image
_MOSTLY = 4


@dataclass(frozen=True, slots=True)
class Window:
    """Extent, step and spacing of a window over H and W, and the padding around the input."""

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    pads: Pads = (0, 0, 0, 0)

    def reach(self, axis: int) -> int:
        """Return the rows (axis 0) or columns (axis 1) from the first tap to the last."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return rows and columns of the output; ``ValueError`` where the window does not fit."""
        top, bottom, left, right = self.pads
        check_border(height + top + bottom, width + left + right, height * width)
        rows = _positions(height + top + bottom, 0, self)
        columns = _positions(width + left + right, 1, self)
        if rows < 1 or columns < 1:
            message = (
                f"a window {self.kernel} with padding {self.pads} does not fit {height}x{width}"
            )
            raise ValueError(message)
        return rows, columns

    def patches(self, x: Array, fill: float = 0) -> Array:
        """Return every window of ``x`` [N,H,W,C] as a view [N,OH,OW,KH,KW,C] of a padded copy."""
        top, bottom, left, right = self.pads
        padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
        rows, columns = self.output_size(x.shape[1], x.shape[2])
        n, h, w, c = padded.strides
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.strides, self.dilations
        return np.lib.stride_tricks.as_strided(
            padded,
            shape=(x.shape[0], rows, columns, kh, kw, x.shape[3]),
            strides=(n, h * sh, w * sw, h * dh, w * dw, c),
            writeable=False,
        )

    def tflite_padding(self, height: int, width: int) -> str | None:
        """Return "SAME" or "VALID" where TFLite's rule gives exactly this padding, else None."""
        if self.pads == (0, 0, 0, 0):
            return "VALID"
        same = same_padding((height, width), self.kernel, self.strides, self.dilations)
        return "SAME" if self.pads == same else None

    def __str__(self) -> str:
        parts = [f"{self.kernel[0]}x{self.kernel[1]}"]
        parts += [f"stride={self.strides}"] if self.strides != (1, 1) else []
        parts += [f"dilation={self.dilations}"] if self.dilations != (1, 1) else []
        parts += [f"pads={self.pads}"] if any(self.pads) else []
        return " ".join(parts)


def check_border(rows: int, columns: int, pixels: int) -> None:
    """Raise ``TooLargeError`` where what is around an image of so many pixels fills the memory."""
    if rows * columns > max(_MOST_PIXELS, _MOSTLY * pixels):
        message = f"an image of {pixels} pixels gets a border and has {rows}x{columns}"
        raise TooLargeError(message)


def pooled_type(window: Window, x: TensorType) -> TensorType:
    """Return the type of a pool's output; ``ValueError`` where a window covers only padding."""
    if x.rank != 4:  # noqa: PLR2004
        message = f"a pool needs [N,H,W,C], not {x}"
        raise ValueError(message)
    if max(window.kernel) > _LARGEST_POOL:
        message = f"a pool window {window} is larger than {_LARGEST_POOL}"
        raise ValueError(message)
    rows, columns = window.output_size(x.shape[1], x.shape[2])
    if max(rows, columns) > _MOST_POSITIONS:
        message = f"a pool of {rows}x{columns} windows"
        raise TooLargeError(message)
    if not all(
        _all_covered(window, axis, x.shape[1 + axis], (rows, columns)[axis]) for axis in (0, 1)
    ):
        message = f"a window {window} over {x} covers nothing but padding"
        raise ValueError(message)
    return TensorType((x.shape[0], rows, columns, x.shape[3]), x.dtype)


def _all_covered(window: Window, axis: int, extent: int, outputs: int) -> bool:
    """Tell whether every window has a tap inside the input along one axis."""
    step = window.dilations[axis]
    start = np.arange(outputs) * window.strides[axis] - window.pads[2 * axis]
    first = np.maximum(0, -(start // step))  # the first tap at or behind the input's edge
    inside = (first < window.kernel[axis]) & (start + first * step < extent)
    return bool(inside.all())


def _positions(extent: int, axis: int, window: Window) -> int:
    return (extent - window.reach(axis)) // window.strides[axis] + 1


def same_padding(
    size: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int] = (1, 1),
) -> Pads:
    """Return TFLite's SAME padding: ceil(size / stride) outputs, the odd row or column last."""
    pads: list[int] = []
    for extent, k, stride, dilation in zip(size, kernel, strides, dilations, strict=True):
        outputs = -(-extent // stride)
        total = max(0, (outputs - 1) * stride + (k - 1) * dilation + 1 - extent)
        pads += [total // 2, total - total // 2]
    return pads[0], pads[1], pads[2], pads[3]
