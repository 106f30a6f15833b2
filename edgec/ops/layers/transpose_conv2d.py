"""Transposed convolution in two dimensions: each input pixel adds a weighted patch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.conv2d import conv_factors
from edgec.ops.layers.layer_output import layer_output
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.layers.windows import check_border
from edgec.ops.numerics.fixed_point import exact_matmul
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite, reads

_IMAGE = 4  # rank of [N,H,W,C]
_LARGEST = 1 << 14  # rows, columns, or phases: strides of a single row make no canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeConv2D(WeightedLayer):
    """x [N,H,W,C], weights [O,KH,KW,C], bias [O] (optional) -> [N,*size,O].

    The patch of input pixel (i, j) starts at output pixel ``(i, j) * strides - crop``; what falls
    outside ``size`` is dropped, what no patch meets is the bias. Scales and factors are those of
    :class:`~edgec.ops.layers.conv2d.Conv2D`.
    Source: ONNX ConvTranspose-22; TFLite 2.14 reference_integer_ops::TransposeConv.
    """

    name: ClassVar[str] = "transpose_conv2d"
    input_axis: ClassVar[int | None] = 3
    scale_axis: ClassVar[int | None] = 0
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    strides: tuple[int, int]
    crop: tuple[int, int]  # rows above and columns to the left of the output
    size: tuple[int, int]
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, *bias = inputs
        if x.rank != _IMAGE or weights.rank != _IMAGE or x.shape[3:] != weights.shape[3:]:
            message = f"{self.name} of {x} with weights {weights}"
            raise ValueError(message)
        if bias and bias[0].shape != weights.shape[:1]:
            message = f"bias {bias[0]} for {weights.shape[0]} output channels"
            raise ValueError(message)
        canvas = self._canvas(x.shape, weights.shape)
        phases = self.strides[0] * self.strides[1]
        too_large = max(canvas) > _LARGEST or phases > _LARGEST
        if min(*self.strides, *self.size) < 1 or min(self.crop) < 0 or too_large:
            message = f"{self} of {x} has a stride, crop or size out of range"
            raise ValueError(message)
        check_border(*canvas, self.size[0] * self.size[1])
        return (TensorType((x.shape[0], *self.size, weights.shape[0]), x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, weights, *bias = inputs
        if is_float(signature.inputs[0]):
            y = self._spread(x, weights, float_matmul)
            return (self.activation.apply((y + bias[0]) if bias else y),)
        zero = signature.inputs[0].quantization.zero_point
        total = self._spread(x.astype(np.int64) - zero, weights, exact_matmul)
        factors = conv_factors(signature)
        return (layer_output(total, bias, factors, signature, self.activation),)

    def _spread(self, x: Array, weights: Array, matmul: Callable[[Array, Array], Array]) -> Array:
        """Add up the patches on a canvas that holds them all, and cut the output out of it."""
        (_, h, w, _), (outputs, kh, kw, _) = x.shape, weights.shape
        (sh, sw), (top, left), (rows, columns) = self.strides, self.crop, self.size
        canvas = np.zeros((len(x), *self._canvas(x.shape, weights.shape), outputs), x.dtype)
        for i in range(kh):
            for j in range(kw):
                pixels = matmul(x, weights[:, i, j].T)
                canvas[:, i : i + h * sh : sh, j : j + w * sw : sw] += pixels
        return canvas[:, top : top + rows, left : left + columns]

    def _canvas(self, x: Sequence[int], weights: Sequence[int]) -> tuple[int, int]:
        """Return rows and columns that hold all patches and the output."""
        rows, columns = (
            max((x[1 + i] - 1) * self.strides[i] + weights[1 + i], self.crop[i] + self.size[i])
            for i in (0, 1)
        )
        return rows, columns

    def macs(self, signature: Signature) -> int:
        x, weights = signature.inputs[:2]
        return x.elements * (weights.elements // x.shape[3])

    def factors(self, signature: Signature) -> list[float]:
        return conv_factors(signature)


def tflite_crop(
    size: Sequence[int], kernel: Sequence[int], strides: Sequence[int], padding: str
) -> tuple[int, int]:
    """Return the crop that TFLite's padding "SAME" or "VALID" means for an output of ``size``.

    Source: TFLite's ComputePaddingHeightWidth, which takes the output for a convolution's input.
    """
    crops: list[int] = []
    for extent, k, stride in zip(size, kernel, strides, strict=True):
        inputs = -(-extent // stride) if padding == "SAME" else int((extent + stride - k) / stride)
        crops.append(max(0, (inputs - 1) * stride + k - extent) // 2)
    return crops[0], crops[1]


describe_tflite(
    "TRANSPOSE_CONV",
    says=TfliteOperator(
        int8=2, int16=2, since=((3, reads(4)),), weights=Weights(0, order=(2, 1, 3))
    ),
)


@importer(Format.TFLITE, "TRANSPOSE_CONV")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("quantized_bias_type")
    shape = [int(each) for each in node.constant(g, 0).flat]
    weights, x = node.input(1), node.input(2)
    kernel, strides = (
        g.type(weights).shape[1:3],
        (node.integer("stride_h"), node.integer("stride_w")),
    )
    if len(shape) != _IMAGE or min(strides) < 1 or shape[3] != g.type(weights).shape[0]:
        message = f"output shape {shape} with weights {g.type(weights).shape}, strides {strides}"
        raise node.reject(message, code="malformed-model")
    size = (shape[1], shape[2])
    op = TransposeConv2D(
        strides=strides,
        crop=tflite_crop(size, kernel, strides, node.text("padding")),
        size=size,
        activation=Activation(node.text("fused_activation_function", default="NONE")),
    )
    inputs = [x, weights, *node.present_inputs()[3:]]
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(TransposeConv2D)
def _to_tflite(op: TransposeConv2D, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write TRANSPOSE_CONV, and behind it the activation, which older interpreters overlook."""
    result = node.outputs[0]
    if op.activation is Activation.NONE:
        _emit_cropped(op, node, signature, out, result)
        return
    before = out.temporary(f"{node.name}/sum", signature.output)
    _emit_cropped(op, node, signature, out, before)
    out.emit(op.activation.value, [before], [result])


def _emit_cropped(
    op: TransposeConv2D, node: Node, signature: Signature, out: TfliteEmitter, result: ValueName
) -> None:
    """Write the sums; a crop that TFLite cannot spell is cut off behind them."""
    y, kernel = signature.output, signature.inputs[1].shape[1:3]
    for padding in ("SAME", "VALID"):
        if tflite_crop(op.size, kernel, op.strides, padding) == op.crop:
            _emit(op, node, out, y, padding, result)
            return
    (top, left), (rows, columns) = op.crop, op.size
    size = (max(rows + top, kernel[0]), max(columns + left, kernel[1]))
    larger = y.with_shape((y.shape[0], *size, y.shape[3]))
    whole = out.temporary(f"{node.name}/whole", larger)
    _emit(op, node, out, larger, "VALID", whole)
    begin = out.constant(f"{node.name}/begin", np.array([0, top, left, 0], np.int32))
    kept = out.constant(f"{node.name}/size", np.array(y.shape, np.int32))
    out.emit("SLICE", [whole, begin, kept], [result], "SliceOptions")


def _emit(
    op: TransposeConv2D,
    node: Node,
    out: TfliteEmitter,
    kind: TensorType,
    padding: str,
    result: ValueName,
) -> None:
    shape = out.constant(f"{node.name}/shape", np.array(kind.shape, np.int32))
    inputs = [shape, node.inputs[1], node.inputs[0], *node.inputs[2:]]
    fields = {"Padding": padding, "StrideH": op.strides[0], "StrideW": op.strides[1]}
    out.emit("TRANSPOSE_CONV", inputs, [result], "TransposeConvOptions", **fields)
