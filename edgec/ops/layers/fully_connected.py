"""Fully connected layer: rows of the input times a weight matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.layer_output import layer_output
from edgec.ops.layers.weighted_layer import MatrixLayer
from edgec.ops.numerics.fixed_point import exact_matmul
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import INT8_AND_INT16, Activation, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite, has_option, reads


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnected(MatrixLayer):
    """x [...,I], weights [O,I], bias [O] (optional) -> [B,O], B = elements of x / I.

    With ``keep_num_dims`` the leading axes of x stay: [...,O]. Without, x may have any shape whose
    elements split into rows of I, as in TFLite. Integer weights have zero point 0 and one scale in
    all; scale_x * scale_w is rounded to float32.
    Source: ONNX Gemm-13, MatMul-13; TFLite 2.14 reference_integer_ops::FullyConnected.
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
        total = exact_matmul(rows.astype(np.int64) - zero, weights.T)
        factor = fully_connected_factor(signature)
        return layer_output(total, bias, [factor], signature, self.activation)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * signature.inputs[1].shape[1]

    def factors(self, signature: Signature) -> list[float]:
        return [fully_connected_factor(signature)]

    def weight_rows(self, weights: Array, channels: int) -> Array:
        return weights.reshape(1, *weights.shape)

    def input_rows(self, x: Array, depth: int) -> Array:
        return x.reshape(1, -1, depth)


def fully_connected_factor(signature: Signature) -> float:
    """Return the factor accumulator -> output.

    As TFLite 2.14 has it (GetQuantizedConvolutionMultipler): the two input scales are multiplied
    in float32, unlike a convolution's, the quotient is taken in double.
    """
    x, weights = signature.inputs[:2]
    product = np.float32(x.quantization.scale) * np.float32(weights.quantization.scale)
    return float(product) / signature.output.quantization.scale


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
    q = g.type(node.input(1)).qparams
    if q is not None and len(set(q.scales)) > 1:
        raise node.reject(
            f"{len(q.scales)} weight scales; one scale per tensor is supported",
            code="unsupported-quantization",
            help="convert with _experimental_disable_per_channel_quantization_for_dense_layers",
        )
    op = FullyConnected(
        activation=Activation(node.text("fused_activation_function")),
        keep_num_dims=node.flag("keep_num_dims", default=False),
    )
    return g.add(
        op, node.present_inputs(), name=node.name, outputs=node.outputs, qparams=node.qparams
    )


@exporter(FullyConnected)
def _to_tflite(op: FullyConnected, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit(
        "FULLY_CONNECTED",
        node.inputs,
        node.outputs,
        "FullyConnectedOptions",
        FusedActivationFunction=op.activation.value,
        KeepNumDims=op.keep_num_dims,
    )
