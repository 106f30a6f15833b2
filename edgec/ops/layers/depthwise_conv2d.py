"""Depthwise convolution: every channel has windows of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import (
    Array,
    DType,
    GraphBuilder,
    Node,
    QParams,
    Signature,
    TensorType,
    ValueName,
)
from edgec.ops.layers.conv2d import conv_factors
from edgec.ops.layers.layer_output import layer_output
from edgec.ops.layers.weighted_layer import WindowedLayer, centered_weights
from edgec.ops.layers.window_in_tflite import emit_windowed, window_from_tflite
from edgec.ops.layers.windows import Window
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2D(WindowedLayer):
    """x [N,H,W,C], weights [1,KH,KW,C*M], bias [C*M] (optional) -> [N,OH,OW,C*M].

    Output channel o reads input channel o // M; M, the multiplier, follows from the shapes. Scales
    and factors are those of :class:`~edgec.ops.layers.conv2d.Conv2D`.
    Source: ONNX Conv-22 with as many groups as channels; TFLite 2.14 DepthwiseConvPerChannel.
    """

    name: ClassVar[str] = "depthwise_conv2d"
    output_axis: ClassVar[int] = 3
    input_axis: ClassVar[int | None] = None
    scale_axis: ClassVar[int | None] = 3
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, *bias = inputs
        if x.rank != 4 or weights.rank != 4 or weights.shape[:3] != (1, *self.window.kernel):  # noqa: PLR2004
            message = f"depthwise_conv2d of {x} with weights {weights} and window {self.window}"
            raise ValueError(message)
        outputs = weights.shape[3]
        if not x.shape[3] or outputs % x.shape[3]:
            message = f"{outputs} output channels are no multiple of {x.shape[3]} input channels"
            raise ValueError(message)
        if bias and bias[0].shape != (outputs,):
            message = f"bias {bias[0]} for {outputs} output channels"
            raise ValueError(message)
        rows, columns = self.window.output_size(x.shape[1], x.shape[2])
        return (TensorType((x.shape[0], rows, columns, outputs), x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if is_float(signature.inputs[0]):
            x, weights, *bias = inputs
            y = _convolve(self.window, x, weights)
            return (self.activation.apply((y + bias[0]) if bias else y),)
        return (self._evaluate_integer(inputs, signature),)

    def _evaluate_integer(self, inputs: Sequence[Array], signature: Signature) -> Array:
        x, weights, *bias = inputs
        zero = signature.inputs[0].quantization.zero_point
        weights = centered_weights(weights, signature.inputs[1]).astype(np.int64)
        total = _convolve(self.window, x.astype(np.int64) - zero, weights)
        return layer_output(total, bias, conv_factors(signature), signature, self.activation)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * self.window.kernel[0] * self.window.kernel[1]

    def factors(self, signature: Signature) -> list[float]:
        return conv_factors(signature)

    def weight_rows(self, weights: Array, channels: int) -> Array:
        return weights.reshape(-1, channels, weights.shape[3] // channels).transpose(1, 2, 0)

    def weights_from_rows(self, rows: Array, weights: Sequence[int]) -> Array:
        return np.ascontiguousarray(rows.transpose(2, 0, 1)).reshape(weights)

    def input_rows(self, x: Array, depth: int) -> Array:
        return self.pixels(x).transpose(2, 0, 1)


def _convolve(window: Window, x: Array, weights: Array) -> Array:
    """Add up one tap of the window after the other; padding counts as 0."""
    patches = window.patches(x)
    n, rows, columns, kh, kw, channels = patches.shape
    taps = weights.reshape(kh, kw, channels, -1)
    y = np.zeros((n, rows, columns, channels, taps.shape[3]), x.dtype)
    for i in range(kh):
        for j in range(kw):
            y += patches[:, :, :, i, j, :, np.newaxis] * taps[i, j]
    return y.reshape(n, rows, columns, -1)


def _is_dilated(_: Sequence[TensorType], options: Mapping[str, Any]) -> bool:
    return max(int(options.get(f"Dilation{axis}Factor", 1)) for axis in "HW") > 1


describe_tflite(
    "DEPTHWISE_CONV_2D",
    says=TfliteOperator(int8=3, int16=5, since=((2, _is_dilated),), weights=Weights(-1)),
)


@importer(Format.TFLITE, "DEPTHWISE_CONV_2D")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("depth_multiplier")  # the interpreter too takes it from the shapes
    x, weights = node.input(0), node.input(1)
    kernel = g.type(weights).shape[1:3]
    op = DepthwiseConv2D(
        window=window_from_tflite(node, g.type(x).shape, (kernel[0], kernel[1])),
        activation=Activation(node.text("fused_activation_function")),
    )
    inputs = [*node.present_inputs()]
    if len(inputs) == len("xw") and g.type(x).dtype is DType.INT16:
        inputs.append(_zeros(node, g))
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)


def _zeros(node: SourceNode, g: GraphBuilder) -> ValueName:
    """Return a bias of 0: the interpreter adds up in 64 bits, with a bias and without."""
    x, weights = (g.type(node.input(index)) for index in (0, 1))
    scales = np.float32(x.quantization.scale) * np.array(weights.quantization.scales, np.float32)
    q = QParams.per_channel(scales, 0) if len(scales) > 1 else QParams.per_tensor(float(scales[0]))
    return g.constant(f"{node.name}/bias", np.zeros(weights.shape[3], np.int64), q)


@exporter(DepthwiseConv2D)
def _to_tflite(op: DepthwiseConv2D, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    x, weights = signature.inputs[:2]
    if x.dtype is DType.INT16 and len(signature.inputs) == len("xw"):
        raise EdgecError(
            "cannot-export",
            "without a bias, TFLite adds up in other steps than this int16 layer",
            place=Place(inside=f"node {node.name!r}"),
            help="give the layer a bias, of zeros",
        )
    emit_windowed(
        "DEPTHWISE_CONV_2D",
        op.window,
        node,
        signature,
        out,
        "DepthwiseConv2DOptions",
        DepthMultiplier=weights.shape[3] // x.shape[3],
        FusedActivationFunction=op.activation.value,
    )
