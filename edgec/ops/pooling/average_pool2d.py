"""Average pooling over H and W. Padding is left out of sums and counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
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
class AveragePool2D(Operator):
    """x [N,H,W,C] -> [N,OH,OW,C]: the mean of the elements that each window covers.

    Padding counts neither in sums nor in divisors. Integers are averaged as they are, halves away
    from zero, or up where ``halves_up``: input and output share one quantization.
    Source: ONNX AveragePool-22, GlobalAveragePool-22; TFLite 2.14
    reference_integer_ops::AveragePool; ``halves_up`` reference_ops::AveragePool of uint8.
    """

    name: ClassVar[str] = "average_pool2d"
    averages: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    window: Window
    activation: Activation = Activation.NONE
    halves_up: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (pooled_type(self.window, x),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        ones = np.ones((1, *x.shape[1:3], 1), np.int64)
        count = self.window.patches(ones).sum(axis=(3, 4))
        if is_float(signature.inputs[0]):
            y = self.window.patches(x).sum(axis=(3, 4)) / count
            return (self.activation.apply(y.astype(x.dtype)),)
        total = self.window.patches(x.astype(np.int64)).sum(axis=(3, 4))
        bounds = self.activation.quantized_bounds(signature.output)
        quotient = (
            (total + count // 2) // count if self.halves_up else rounded_quotient(total, count)
        )
        return (saturate(quotient, *bounds, x.dtype),)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * self.window.kernel[0] * self.window.kernel[1]

    def carries_factors(self, signature: Signature) -> bool:
        return True


def rounded_quotient(x: Array, y: Array | int) -> Array:
    """Divide integers, halves away from zero; ``y`` is positive."""
    magnitude = (np.abs(x) + np.asarray(y) // 2) // y
    return np.where(x < 0, -magnitude, magnitude)


describe_tflite("AVERAGE_POOL_2D", says=TfliteOperator(int8=2, int16=3, options="Pool2DOptions"))


@importer(Format.TFLITE, "AVERAGE_POOL_2D")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_pool(partial(AveragePool2D, halves_up=node.unsigned), node, g)


@exporter(AveragePool2D)
def _to_tflite(op: AveragePool2D, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    x = signature.inputs[0]
    spelled = op.window.tflite_padding(x.shape[1], x.shape[2])
    if spelled is None or op.window.dilations != (1, 1):
        raise EdgecError(
            "cannot-export",
            f"TFLite has no average pool with window {op.window}",
            place=Place(inside=f"node {node.name!r}"),
            help="pad with SAME or VALID, or count the padding (count_include_pad = 1)",
        )
    emit_windowed(
        "AVERAGE_POOL_2D",
        op.window,
        node,
        signature,
        out,
        "Pool2DOptions",
        FusedActivationFunction=op.activation.value,
    )
