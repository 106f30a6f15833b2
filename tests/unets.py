"""A U-Net like those that segment images: its activations are large, and some are read late."""

from typing import Any

import numpy as np
import onnx
from onnx_models import OnnxBuilder

from edgec.ir import Array


def unet(size: int = 16, channels: int = 4, levels: int = 2) -> onnx.ModelProto:
    """Return a float U-Net from [1,1,size,size] to a mask; ``channels`` double at each level."""
    b = OnnxBuilder(opset=13)
    x, width = b.input("image", [1, 1, size, size]), 1
    skips: list[tuple[str, int]] = []
    for level in range(levels):
        x, width = _block(b, x, width, channels << level), channels << level
        skips.append((x, width))
        x = b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x, width = _block(b, x, width, channels << levels), channels << levels
    scales = b.weight(np.array([1, 1, 2, 2], np.float32))
    for skip, narrow in reversed(skips):
        x = _enlarged(b, x, scales)
        x = b.add("Concat", x, skip, axis=1)
        x, width = _block(b, x, width + narrow, narrow), narrow
    b.add("Sigmoid", b.conv(x, (width, 1), (1, 1)), output="mask")
    return b.model("mask")


def images(count: int, size: int = 16, seed: int = 0) -> Array:
    """Draw images with areas, as the source model reads them: [count, 1, size, size]."""
    rng = np.random.default_rng(seed)
    areas = rng.standard_normal((count, 1, size // 4, size // 4)).repeat(4, 2).repeat(4, 3)
    noise = rng.standard_normal((count, 1, size, size))
    return np.asarray(areas + 0.3 * noise, np.float32)


def _enlarged(b: OnnxBuilder, x: str, scales: str) -> str:
    places: dict[str, Any] = {
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    return b.add("Resize", x, "", scales, mode="nearest", **places)


def _block(b: OnnxBuilder, x: str, before: int, after: int) -> str:
    w = b.random(after, before, 3, 3, scale=float(np.sqrt(2 / (9 * before))))
    return b.add("Relu", b.add("Conv", x, w, b.random(after, scale=0.1), pads=[1, 1, 1, 1]))
