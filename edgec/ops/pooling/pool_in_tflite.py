"""What TFLite's two pools have in common: where the window stands, one quantization in and out."""

from collections.abc import Callable, Sequence

from edgec.ir import GraphBuilder, Op, TensorType, ValueName
from edgec.ops.layers.window_in_tflite import window_from_tflite
from edgec.ops.operator import Activation
from edgec.ops.registry import SourceNode

_SCALE_TOLERANCE = 1e-6  # the interpreter's


def import_pool(pool: Callable[..., Op], node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add ``pool(window=, activation=)`` of an input [N,H,W,C], as the node says."""
    x = node.input(0)
    check_pool_quantization(node, g.type(x))
    kernel = (node.integer("filter_height"), node.integer("filter_width"))
    op = pool(
        window=window_from_tflite(node, g.type(x).shape, kernel),
        activation=Activation(node.text("fused_activation_function")),
    )
    return g.add(op, [x], name=node.name, outputs=node.outputs, qparams=node.qparams)


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
