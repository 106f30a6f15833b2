"""Fully connected layer: rows of the input times a weight matrix."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.computed_weights import is_product, product_with_computed_weights
from edgec.ops.layers.layer_output import layer_output
from edgec.ops.layers.weighted_layer import MatrixLayer, centered_weights
from edgec.ops.numerics.fixed_point import exact_matmul
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite, has_option, reads


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnected(MatrixLayer):
    """x [...,I], weights [O,I], bias [O] (optional) -> [B,O], B = elements of x / I.

    With ``keep_num_dims`` the leading axes of x stay: [...,O]. Without, x may have any shape whose
    elements split into rows of I, as in TFLite. Integer weights have one scale and zero
    point in all, as our own quantizer gives them, or a scale per output:
    :func:`fully_connected_factors`.
    Source: ONNX Gemm-13, MatMul-13; TFLite 2.14 reference_integer_ops::FullyConnected,
    FullyConnectedPerChannel.
    """

    name: ClassVar[str] = "fully_connected"
    input_axis: ClassVar[int | None] = 1
    scale_axis: ClassVar[int | None] = None
    is_dense: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    activation: Activation = Activation.NONE
    keep_num_dims: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, *bias = inputs
        if weights.rank != 2 or not weights.shape[1] or x.elements % weights.shape[1]:  # noqa: PLR2004
            message = f"fully_connected of {x} with weights {weights}"
            raise ValueError(message)
        outputs, depth = weights.shape
        if self.keep_num_dims and x.shape[-1:] != (depth,):
            message = f"the last axis of {x} does not fit weights {weights}"
            raise ValueError(message)
        if bias and bias[0].shape != (outputs,):
            message = f"bias {bias[0]} for {outputs} outputs"
            raise ValueError(message)
        leading = x.shape[:-1] if self.keep_num_dims else (x.elements // depth,)
        return (TensorType((*leading, outputs), x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, weights, *bias = inputs
        rows = x.reshape(-1, weights.shape[1])
        if is_float(signature.inputs[0]):
            y = float_matmul(rows, weights.T)
            y = self.activation.apply((y + bias[0]) if bias else y)
        else:
            y = self._evaluate_integer([rows, weights, *bias], signature)
        return (y.reshape(signature.output.shape),)

    def _evaluate_integer(self, inputs: Sequence[Array], signature: Signature) -> Array:
        rows, weights, *bias = inputs
        zero = signature.inputs[0].quantization.zero_point
        weights = centered_weights(weights, signature.inputs[1])
        total = exact_matmul(rows.astype(np.int64) - zero, weights.T)
        factors = fully_connected_factors(signature)
        return layer_output(total, bias, factors, signature, self.activation)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * signature.inputs[1].shape[1]

    def factors(self, signature: Signature) -> list[float]:
        return fully_connected_factors(signature)

    def weight_rows(self, weights: Array, channels: int) -> Array:
        return weights.reshape(1, *weights.shape)

    def input_rows(self, x: Array, depth: int) -> Array:
        return x.reshape(1, -1, depth)


def fully_connected_factors(signature: Signature) -> list[float]:
    """Return the factors accumulator -> output, one per output or one in all.

    As TFLite 2.14 has them: with one weight scale (GetQuantizedConvolutionMultipler) the two input
    scales are multiplied in float32, unlike a convolution's, and the quotient is taken in double.
    With a scale per output all is in double, as a convolution has it.
    """
    x, weights = signature.inputs[:2]
    scales, output = weights.quantization.scales, signature.output.quantization.scale
    if len(scales) > 1:
        return [x.quantization.scale * scale / output for scale in scales]
    product = np.float32(x.quantization.scale) * np.float32(scales[0])
    return [float(product) / output]


describe_tflite(
    "FULLY_CONNECTED",
    says=TfliteOperator(
        int8=4, int16=7, since=((5, has_option("KeepNumDims")), (6, reads(2))), weights=Weights(0)
    ),
)


@importer(Format.TFLITE, "FULLY_CONNECTED")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("asymmetric_quantize_inputs", "quantized_bias_type")  # hybrid kernels only
    weights_format = node.text("weights_format", default="DEFAULT")
    if weights_format != "DEFAULT":
        raise node.reject(
            f"weights_format {weights_format} is shuffled for one processor",
            help="convert the model again without shuffled weights",
        )
    op = FullyConnected(
        activation=Activation(node.text("fused_activation_function")),
        keep_num_dims=node.flag("keep_num_dims", default=False),
    )
    if is_product(node, g, op.activation):
        (result,) = op.infer([g.type(value) for value in node.present_inputs()])
        return product_with_computed_weights(node, g, op.activation, result.shape)
    x, weights, *bias = node.present_inputs()
    kept = weights if node.unsigned else _symmetric(node, g, weights)
    inputs = [x, kept, *bias]
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)


def _symmetric(node: SourceNode, g: GraphBuilder, weights: ValueName) -> ValueName:
    """Return weights without zero points, which mean the same to TFLite 2.14.

    It takes the one zero point off, and looks at none where there is a scale per output.
    """
    q, array = g.type(weights).qparams, g.constant_value(weights)
    if q is None or not any(q.zero_points):
        return weights
    moved = None if array is None else array.astype(np.int16) - q.zero_points[0]
    if moved is not None and len(q.scales) > 1:
        moved = array
    if moved is None or moved.min(initial=0) < -(2**7) or moved.max(initial=0) >= 2**7:
        raise node.reject(
            f"weights {weights!r} have zero point {q.zero_points[0]}",
            code="unsupported-quantization",
            help="convert again with symmetric int8 weights, TFLite's quantization specification",
        )
    zeros = replace(q, zero_points=(0,) * len(q.scales))
    return g.constant(f"{node.name}/symmetric", moved.astype(np.int8), zeros)


@exporter(FullyConnected)
def _to_tflite(op: FullyConnected, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    result = signature.output
    if not _is_matrix_in_2_14(signature):
        _emit(op, node.inputs, node.outputs[0], out)
        return
    outputs = result.shape[-1]
    rows = out.temporary(
        f"{node.name}/rows", result.with_shape((result.elements // outputs, outputs))
    )
    _emit(replace(op, keep_num_dims=False), node.inputs, rows, out)
    shape = out.constant(f"{node.name}/shape", np.array(result.shape, np.int32))
    out.emit("RESHAPE", [rows, shape], node.outputs, "ReshapeOptions")


def _is_matrix_in_2_14(signature: Signature) -> bool:
    """Tell whether TFLite 2.14 takes an output of more axes for a matrix.

    Its kernels for a scale per output do: they leave most of such an output as it was. So the file
    has a matrix, and its axes in an operator of their own: later interpreters do the same with it.
    """
    weights, output = signature.inputs[1], signature.output
    return weights.qparams is not None and len(weights.qparams.scales) > 1 and output.rank != 2  # noqa: PLR2004


def _emit(
    op: FullyConnected, inputs: Sequence[ValueName], result: ValueName, out: TfliteEmitter
) -> None:
    out.emit(
        "FULLY_CONNECTED",
        inputs,
        [result],
        "FullyConnectedOptions",
        FusedActivationFunction=op.activation.value,
        KeepNumDims=op.keep_num_dims,
    )
