"""How TFLite spells windows: SAME or VALID. Other padding becomes a PAD in front."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgec.ir import Node, QParams, Signature
from edgec.ops.layers.windows import Window, same_padding
from edgec.ops.registry import SourceNode, TfliteEmitter

_MAX_PADDED = 1 << 24  # positions of a padded input; more is no model for a microcontroller


def window_from_tflite(node: SourceNode, shape: Sequence[int], kernel: tuple[int, int]) -> Window:
    """Read strides, dilations and padding of a node whose input has ``shape`` [N,H,W,C]."""
    strides = (node.integer("stride_h"), node.integer("stride_w"))
    dilations = (node.integer("dilation_h_factor", 1), node.integer("dilation_w_factor", 1))
    if min(*strides, *dilations, *kernel) < 1:
        raise node.reject(f"stride {strides}, dilation {dilations} or kernel {kernel} below 1")
    padding = node.text("padding")
    pads = (
        same_padding(shape[1:3], kernel, strides, dilations) if padding == "SAME" else (0, 0, 0, 0)
    )
    if (shape[1] + pads[0] + pads[1]) * (shape[2] + pads[2] + pads[3]) > _MAX_PADDED:
        raise node.reject(f"dilation {dilations} pads {shape} by {pads}", code="model-too-large")
    return Window(kernel, strides, dilations, pads)


def emit_windowed(
    code: str,
    window: Window,
    node: Node,
    signature: Signature,
    out: TfliteEmitter,
    options: str,
    *,
    pad_value: int | None = None,
    **fields: Any,
) -> None:
    """Write a convolution or pool; padding TFLite cannot spell becomes a PAD operator first.

    ``pad_value`` is the integer to pad with where it is not the zero point (a max pool's lowest).
    """
    x = signature.inputs[0]
    padding = window.tflite_padding(x.shape[1], x.shape[2])
    data = node.inputs[0]
    if padding is None:
        data = _emit_pad(window, node, signature, out, pad_value)
        padding = "VALID"
    operands = list(node.inputs[1:])
    if operands:  # weights: a convolution
        operands += [] if len(operands) > 1 else [_no_bias(node, signature, out)]
        fields |= {"DilationHFactor": window.dilations[0], "DilationWFactor": window.dilations[1]}
    else:
        fields |= {"FilterHeight": window.kernel[0], "FilterWidth": window.kernel[1]}
    fields |= {"Padding": padding, "StrideH": window.strides[0], "StrideW": window.strides[1]}
    out.emit(code, [data, *operands], node.outputs, options, **fields)


def _no_bias(node: Node, signature: Signature, out: TfliteEmitter) -> Any:
    """Return zeros: TFLite's integer convolutions insist on a bias."""
    x, weights = signature.inputs[:2]
    channels = signature.output.shape[3]
    if x.qparams is None:
        return out.constant(f"{node.name}/bias", np.zeros(channels, np.float32))
    scales = [x.qparams.scale * scale for scale in weights.quantization.scales]
    qparams = QParams.per_channel(scales, 0) if len(scales) > 1 else QParams.per_tensor(scales[0])
    return out.constant(f"{node.name}/bias", np.zeros(channels, np.int32), qparams)


def _emit_pad(
    window: Window, node: Node, signature: Signature, out: TfliteEmitter, pad_value: int | None
) -> Any:
    x = signature.inputs[0]
    top, bottom, left, right = window.pads
    n, h, w, c = x.shape
    pads = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    padded = out.temporary(
        f"{node.name}/padded", x.with_shape((n, h + top + bottom, w + left + right, c))
    )
    inputs = [node.inputs[0], out.constant(f"{node.name}/pads", pads)]
    if pad_value is None:
        out.emit("PAD", inputs, [padded], "PadOptions")
    else:
        value = out.constant(
            f"{node.name}/pad_value", np.array([pad_value], x.dtype.numpy), x.qparams
        )
        out.emit("PADV2", [*inputs, value], [padded], "PadV2Options")
    return padded
