"""Rows divided by their Euclidean length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.numerics.fixed_point import requantize, wrap_int32
from edgec.ops.numerics.inverse_root import inverse_root
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

OUTPUT_BITS = 7
"""Bits of the fraction of an output: steps of 1/128."""
_EPSILON = 1e-6  # the least length in floats


@dataclass(frozen=True, slots=True, kw_only=True)
class L2Normalization(Operator):
    """x [...,C] -> [...,C]: x / sqrt(sum over the last axis of x * x); rows of zeros stay zeros.

    int8: the root by Newton's method (inverse_root); the output has scale 1/128 and zero point 0.
    What was uint8 in the file gets the output's bits before the product, not behind it (``fine``).
    Source: TFLite 2.14 reference_integer_ops::L2Normalization, ``fine``
    reference_ops::L2Normalization of uint8; ONNX LpNormalization-22, p = 2.
    """

    name: ClassVar[str] = "l2_normalization"
    output_rule: ClassVar[OutputRule] = OutputRule.FIXED
    fixed_output: ClassVar[tuple[float, int] | None] = (1 / 128, 0)
    fine: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not x.rank or not x.elements:
            message = f"{self.name} of {x}"
            raise ValueError(message)
        return (TensorType(x.shape, x.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            length = np.sqrt(np.square(x.astype(np.float64)).sum(axis=-1, keepdims=True))
            return ((x / np.maximum(length, _EPSILON)).astype(x.dtype),)
        centered = x.astype(np.int64) - signature.inputs[0].quantization.zero_point
        total = wrap_int32(np.square(centered).sum(axis=-1, keepdims=True))
        multiplier, shift = inverse_root(total)
        before = self.bits_before
        y = requantize(centered << before, multiplier, shift + OUTPUT_BITS - before)
        return (np.clip(y, -128, 127).astype(x.dtype),)

    @property
    def bits_before(self) -> int:
        """How many of the output's bits the elements get before the product."""
        return OUTPUT_BITS if self.fine else 0


describe_tflite("L2_NORMALIZATION", says=TfliteOperator(int8=2, int16=2))


@importer(Format.TFLITE, "L2_NORMALIZATION")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    activation = node.text("fused_activation_function", default="NONE")
    if activation != "NONE":
        raise node.reject(f"fused activation {activation}")
    return g.add(
        L2Normalization(fine=node.unsigned),
        [node.input(0)],
        name=node.name,
        outputs=node.outputs,
        qparams=node.qparams,
    )


@exporter(L2Normalization)
def _to_tflite(op: L2Normalization, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    out.emit("L2_NORMALIZATION", node.inputs, node.outputs, "L2NormOptions")
