"""Two-dimensional convolution, with grouped channels and an optional fused activation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.layer_output import layer_output
from edgec.ops.layers.weighted_layer import WindowedLayer, centered_weights
from edgec.ops.layers.window_in_tflite import emit_windowed, window_from_tflite
from edgec.ops.layers.windows import Window
from edgec.ops.numerics.fixed_point import exact_matmul
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite

Matmul = Callable[[Array, Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2D(WindowedLayer):
    """x [N,H,W,C], weights [O,KH,KW,C/groups], bias [O] (optional) -> [N,OH,OW,O].

    Groups split input and output channels alike: output channel o reads group o // (O / groups).
    Each window is multiplied with the weights, the padding as real 0, then comes the fused
    activation. Integer weights have zero point 0 and one scale per output channel, or one scale and
    zero point in all; factors to the output are in double.
    Source: ONNX Conv-22; TFLite 2.14 reference_integer_ops::ConvPerChannel (Jacob et al. 2018).
    """

    name: ClassVar[str] = "conv2d"
    input_axis: ClassVar[int | None] = 3
    scale_axis: ClassVar[int | None] = 0
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, *bias = inputs
        if x.rank != 4 or weights.rank != 4 or weights.shape[1:3] != self.window.kernel:  # noqa: PLR2004
            message = f"conv2d of {x} with weights {weights} and window {self.window}"
            raise ValueError(message)
        if x.shape[3] % weights.shape[3] or weights.shape[0] % (x.shape[3] // weights.shape[3]):
            message = f"{x.shape[3]} channels do not split into groups of {weights.shape[3]}"
            raise ValueError(message)
        if bias and bias[0].shape != weights.shape[:1]:
            message = f"bias {bias[0]} for {weights.shape[0]} output channels"
            raise ValueError(message)
        rows, columns = self.window.output_size(x.shape[1], x.shape[2])
        return (TensorType((x.shape[0], rows, columns, weights.shape[0]), x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if is_float(signature.inputs[0]):
            x, weights, *bias = inputs
            y = _convolve(self.window, x, weights, float_matmul)
            return (self.activation.apply((y + bias[0]) if bias else y),)
        return (self._evaluate_integer(inputs, signature),)

    def _evaluate_integer(self, inputs: Sequence[Array], signature: Signature) -> Array:
        x, weights, *bias = inputs
        zero = signature.inputs[0].quantization.zero_point
        weights = centered_weights(weights, signature.inputs[1])
        total = _convolve(self.window, x.astype(np.int64) - zero, weights, exact_matmul)
        return layer_output(total, bias, conv_factors(signature), signature, self.activation)

    def macs(self, signature: Signature) -> int:
        _, kh, kw, depth = signature.inputs[1].shape
        return signature.output.elements * kh * kw * depth

    def unfolded(self, signature: Signature) -> int:
        windows = signature.output.elements // signature.output.shape[3]
        return (
            windows * self.window.kernel[0] * self.window.kernel[1] * signature.inputs[0].shape[3]
        )

    def factors(self, signature: Signature) -> list[float]:
        return conv_factors(signature)

    def weight_rows(self, weights: Array, channels: int) -> Array:
        groups = self.groups(weights.shape, channels)
        return weights.reshape(groups, weights.shape[0] // groups, -1)

    def input_rows(self, x: Array, depth: int) -> Array:
        pixels = self.pixels(x)
        count, taps, _ = pixels.shape
        grouped = pixels.reshape(count, taps, -1, depth // taps).transpose(2, 0, 1, 3)
        return grouped.reshape(grouped.shape[0], count, depth)


def _convolve(window: Window, x: Array, weights: Array, matmul: Matmul) -> Array:
    """Multiply the patches of each group with its weights; padding counts as 0."""
    patches = window.patches(x)
    outputs, _, _, depth = weights.shape
    groups = x.shape[3] // depth
    per_group = outputs // groups
    n, rows, columns = patches.shape[:3]
    parts = []
    for group in range(groups):
        a = patches[..., group * depth : (group + 1) * depth].reshape(n * rows * columns, -1)
        b = weights[group * per_group : (group + 1) * per_group].reshape(per_group, -1).T
        parts.append(matmul(a, b))
    y: Array = np.concatenate(parts, axis=1)
    return y.reshape(n, rows, columns, outputs)


def conv_factors(signature: Signature) -> list[float]:
    """Return one factor accumulator -> output per channel, in double as TFLite computes it."""
    x, weights = signature.inputs[:2]
    scales = weights.quantization.scales
    if len(scales) == 1:
        scales = scales * signature.output.shape[3]
    return [x.quantization.scale * scale / signature.output.quantization.scale for scale in scales]


describe_tflite("CONV_2D", says=TfliteOperator(int8=3, int16=4, weights=Weights(0)))


@importer(Format.TFLITE, "CONV_2D")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("quantized_bias_type")
    x, weights = node.input(0), node.input(1)
    kernel = g.type(weights).shape[1:3]
    op = Conv2D(
        window=window_from_tflite(node, g.type(x).shape, (kernel[0], kernel[1])),
        activation=Activation(node.text("fused_activation_function")),
    )
    return g.add(
        op, node.present_inputs(), name=node.name, outputs=node.outputs, qparams=node.qparams
    )


@exporter(Conv2D)
def _to_tflite(op: Conv2D, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    emit_windowed(
        "CONV_2D",
        op.window,
        node,
        signature,
        out,
        "Conv2DOptions",
        FusedActivationFunction=op.activation.value,
    )
