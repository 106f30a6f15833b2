"""Maximum pooling over H and W. Padding never wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.window_in_tflite import emit_windowed
from edgec.ops.layers.windows import Window, pooled_type
from edgec.ops.numerics.fixed_point import saturate
from edgec.ops.operator import INT8_AND_INT16, Activation, Operator, OutputRule, is_float
from edgec.ops.pooling.pool_in_tflite import import_pool
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool2D(Operator):
    """x [N,H,W,C] -> [N,OH,OW,C]: the largest element that each window covers.

    Padding never wins. Integers are compared as they are: input and output share one quantization.
    Source: ONNX MaxPool-22, GlobalMaxPool-22; TFLite 2.14 reference_integer_ops::MaxPool.
    """

    name: ClassVar[str] = "max_pool2d"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    window: Window
    activation: Activation = Activation.NONE

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (pooled_type(self.window, x),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            y = self.window.patches(x, -np.inf).max(axis=(3, 4))
            return (self.activation.apply(y),)
        y = self.window.patches(x, np.iinfo(x.dtype).min).max(axis=(3, 4))
        return (saturate(y, *self.activation.quantized_bounds(signature.output), x.dtype),)

    def elements_read(self, signature: Signature) -> int:
        return signature.output.elements * self.window.kernel[0] * self.window.kernel[1]

    def carries_factors(self, signature: Signature) -> bool:
        return True


describe_tflite("MAX_POOL_2D", says=TfliteOperator(int8=2, int16=3, options="Pool2DOptions"))


@importer(Format.TFLITE, "MAX_POOL_2D")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_pool(MaxPool2D, node, g)


@exporter(MaxPool2D)
def _to_tflite(op: MaxPool2D, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if op.window.dilations != (1, 1):
        raise EdgecError(
            "cannot-export",
            f"TFLite has no max pool with window {op.window}",
            place=Place(inside=f"node {node.name!r}"),
            help="use a pool without dilation",
        )
    kind = signature.inputs[0]
    emit_windowed(
        "MAX_POOL_2D",
        op.window,
        node,
        signature,
        out,
        "Pool2DOptions",
        pad_value=None if is_float(kind) else int(np.iinfo(kind.dtype.numpy).min),
        FusedActivationFunction=op.activation.value,
    )
