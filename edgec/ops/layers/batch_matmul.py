"""Products of two computed matrices, or of stacks of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.elementwise.broadcasting import centered
from edgec.ops.numerics.fixed_point import (
    exact_matmul,
    integer_matmul,
    quantize_multiplier,
    requantize,
    requantize_wide,
    saturate,
)
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import INT8_AND_INT16, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite

_MATRIX = 2  # axes of one


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMatMul(Operator):
    """a [...,M,K], b [...,K,N] -> [...,M,N]: a times b; the axes in front broadcast.

    ``adj_x`` says that a is stored as [...,K,M], ``adj_y`` that b is stored as [...,N,K]. Sums have
    32 bits for int8, 64 for int16, which are rounded once; scale_a * scale_b is rounded to float32.
    Source: ONNX MatMul-13; TFLite 2.14 reference_ops::BatchMatMul.
    """

    name: ClassVar[str] = "batch_matmul"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    adj_x: bool = False
    adj_y: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        a, b = inputs
        if min(a.rank, b.rank) < _MATRIX or a.dtype is not b.dtype:
            message = f"batch_matmul of {a} and {b}"
            raise ValueError(message)
        rows, depth = self.extents(a, adjoint=self.adj_x)
        other, columns = self.extents(b, adjoint=self.adj_y)
        if depth != other or not depth:
            message = f"{self} of {a} and {b}: {depth} columns do not meet {other} rows"
            raise ValueError(message)
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return (TensorType((*batch, rows, columns), a.dtype),)

    @staticmethod
    def extents(kind: TensorType, *, adjoint: bool) -> tuple[int, int]:
        """Return rows and columns of an operand as it is multiplied."""
        rows, columns = kind.shape[-2:]
        return (columns, rows) if adjoint else (rows, columns)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        if signature.output.qparams is None:
            a, b = self._turned(*inputs)
            return (float_matmul(a, b),)
        a, b = self._turned(*centered(inputs, signature))
        factor = quantize_multiplier(product_factor(signature))
        limits = np.iinfo(signature.output.dtype.numpy)
        if signature.output.dtype is DType.INT16:
            y = requantize_wide(exact_matmul(a, b), *factor)
        else:
            y = requantize(integer_matmul(a, b), *factor)
        y += signature.output.quantization.zero_point
        return (saturate(y, limits.min, limits.max, limits.dtype),)

    def _turned(self, a: Array, b: Array) -> tuple[Array, Array]:
        return (a.swapaxes(-1, -2) if self.adj_x else a), (b.swapaxes(-1, -2) if self.adj_y else b)

    def macs(self, signature: Signature) -> int:
        return signature.output.elements * self.extents(signature.inputs[0], adjoint=self.adj_x)[1]


def product_factor(signature: Signature) -> float:
    """Return the factor accumulator -> output.

    As TFLite 2.14 has it: the input scales are multiplied in float32, the quotient is in double.
    """
    a, b = (np.float32(kind.quantization.scale) for kind in signature.inputs)
    return float(a * b) / signature.output.quantization.scale


describe_tflite("BATCH_MATMUL", says=TfliteOperator(int8=2, int16=3, alike=True))


@importer(Format.TFLITE, "BATCH_MATMUL")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("asymmetric_quantize_inputs")  # hybrid kernels only
    op = BatchMatMul(
        adj_x=node.flag("adj_x", default=False), adj_y=node.flag("adj_y", default=False)
    )
    inputs = [node.input(0), node.input(1)]
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(BatchMatMul)
def _to_tflite(op: BatchMatMul, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    flags = {"AdjX": op.adj_x, "AdjY": op.adj_y}
    out.emit("BATCH_MATMUL", node.inputs, node.outputs, "BatchMatMulOptions", **flags)
