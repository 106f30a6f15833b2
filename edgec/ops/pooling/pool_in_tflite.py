"""What TFLite's two pools have in common: where the window stands, one quantization in and out."""

from collections.abc import Sequence

from edgec.ir import TensorType
from edgec.ops.layers.window_in_tflite import window_from_tflite
from edgec.ops.layers.windows import Window
from edgec.ops.registry import SourceNode

_SCALE_TOLERANCE = 1e-6  # the interpreter's


def pool_window_from_tflite(node: SourceNode, shape: Sequence[int]) -> Window:
    """Read the window of a pool whose input has ``shape`` [N,H,W,C]."""
    kernel = (node.integer("filter_height"), node.integer("filter_width"))
    return window_from_tflite(node, shape, kernel)


def check_pool_quantization(node: SourceNode, x: TensorType) -> None:
    """Reject a quantized pool whose input and output mean different things by one integer."""
    y = x.with_qparams(node.qparams[0] if node.qparams else None)
    if x.qparams is not None and y.qparams is not None and not one_quantization(x, y):
        raise node.reject(
            f"input ({x.qparams}) and output ({y.qparams}) are quantized differently",
            code="unsupported-quantization",
            help="convert the model with a current TFLite converter, which makes them equal",
        )


def one_quantization(x: TensorType, y: TensorType) -> bool:
    """Tell whether a pool from ``x`` to ``y`` may copy integers, by the interpreter's rule.

    It lets scales differ by 1e-6, the rounding noise of old converters, and ignores that.
    """
    apart = abs(x.quantization.scale - y.quantization.scale)
    return apart <= _SCALE_TOLERANCE and x.quantization.zero_point == y.quantization.zero_point
