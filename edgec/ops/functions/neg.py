"""Negation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, QParams, Signature, ValueName
from edgec.ops.functions.unary import Function, export_table, import_unary, rescaled, scale_ratio
from edgec.ops.numerics.fixed_point import saturate
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Neg(Function):
    """x [...] -> [...]: -x.

    int8 takes a table; int16 is a product with -1, requantized by scale_x / scale_y.
    Source: ONNX Neg-13; TFLite NEG, and MUL for int16.
    """

    name: ClassVar[str] = "neg"

    def real(self, x: Array) -> Array:
        return np.asarray(-x)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if x.dtype != np.int16:
            return Function.evaluate(self, inputs, signature)
        limits = np.iinfo(np.int16)
        y = rescaled(-x.astype(np.int64), scale_ratio(signature), signature)
        return (saturate(y, limits.min, limits.max, np.int16),)


@importer(Format.ONNX, "Neg")
@importer(Format.TFLITE, "NEG")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_unary(node, g, Neg())


@exporter(Neg)
def _to_tflite(op: Neg, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write a table; for int16 MUL by -1, which rounds the same numbers once."""
    if signature.output.dtype is not DType.INT16:
        export_table(op, node, signature, out)
        return
    minus = out.constant(f"{node.name}/minus", np.array([-1], np.int16), QParams.per_tensor(1.0))
    out.emit("MUL", [node.inputs[0], minus], node.outputs, "MulOptions")
