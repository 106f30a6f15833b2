"""What TFLite's two pools have in common: where the window stands, one quantization in and out."""

from collections.abc import Sequence

from edgec.ir import TensorType
from edgec.ops.registry import SourceNode
from edgec.ops.tflite_window import window_from_tflite
from edgec.ops.windows import Window

_SCALE_TOLERANCE = 1e-6  # the interpreter's


def pool_window_from_tflite(node: SourceNode, shape: Sequence[int]) -> Window:
    """Read the window of a pool whose input has ``shape`` [N,H,W,C]."""
    kernel = (node.integer("filter_height"), node.integer("filter_width"))
    return window_from_tflite(node, shape, kernel)


def check_pool_quantization(node: SourceNode, x: TensorType) -> None:
    """Reject a quantized pool whose input and output mean different things by one integer.

    TFLite copies integers and lets scales differ by 1e-6, rounding noise of old converters.
    """
    y = node.qparams[0] if node.qparams else None
    if x.qparams is None or y is None:
        return
    apart = abs(x.qparams.scale - y.scale)
    if apart > _SCALE_TOLERANCE or x.qparams.zero_point != y.zero_point:
        raise node.reject(
            f"input ({x.qparams}) and output ({y}) are quantized differently",
            code="unsupported-quantization",
            help="convert the model with a current TFLite converter, which makes them equal",
        )
