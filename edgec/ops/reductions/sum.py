"""Sum over some axes, of the elements, their squares or their magnitudes; Euclidean length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, QParams, Signature, TensorType, ValueName
from edgec.ops.functions.abs import Abs
from edgec.ops.functions.pow import Pow
from edgec.ops.functions.sqrt import Sqrt
from edgec.ops.functions.unary import Unary
from edgec.ops.operator import INT8_AND_INT16, is_float
from edgec.ops.reductions.mean import Mean
from edgec.ops.reductions.reduction import Reduction, import_reduction
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Reduction):
    """x [...] -> [...]: the sum over ``axes``, which become 1 or go away.

    Integers as the mean in steps of output scale / count. TFLite 2.14 has an int8 SUM of its own,
    which neither saturates nor handles negative sums.
    Source: ONNX ReduceSum-13, and L1, L2, SumSquare made of it; TFLite 2.14 MEAN, in other units.
    """

    name: ClassVar[str] = "sum"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (np.asarray(x.sum(axis=self.axes, keepdims=self.keep_dims), x.dtype),)
        return self.mean().evaluate(inputs, self.mean_signature(signature))

    def mean(self) -> Mean:
        """Return the operator whose integers are those of the sum."""
        return Mean(axes=self.axes, keep_dims=self.keep_dims)

    def mean_signature(self, signature: Signature) -> Signature:
        """Return the types between which :meth:`mean` works."""
        y = signature.output.quantization
        fine = QParams.per_tensor(y.scale / self.count(signature), y.zero_point)
        return replace(signature, outputs=(signature.output.with_qparams(fine),))


def _make(axes: tuple[int, ...], keep_dims: bool) -> Sum:
    return Sum(axes=axes, keep_dims=keep_dims)


describe_tflite("SUM", says=TfliteOperator(int8=2, int16=3, options="ReducerOptions"))


@importer(Format.ONNX, "ReduceSum")
@importer(Format.TFLITE, "SUM")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return import_reduction(node, g, _make)


@importer(Format.ONNX, "ReduceL1")
def _sum_of_magnitudes(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _sum_of(node, g, Abs())


@importer(Format.ONNX, "ReduceSumSquare")
def _sum_of_squares(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _sum_of(node, g, Pow(exponent=2.0))


@importer(Format.ONNX, "ReduceL2")
def _length(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    squared = replace(node, outputs=(f"{node.outputs[0]}/squared",), name=f"{node.name}/squared")
    (total,) = _sum_of(squared, g, Pow(exponent=2.0))
    return g.add(Sqrt(), [total], name=node.name, outputs=node.outputs)


def _sum_of(node: SourceNode, g: GraphBuilder, op: Unary) -> Sequence[ValueName]:
    terms = g.add1(op, node.input(0), name=f"{node.name}/{op.name}")
    return import_reduction(replace(node, inputs=(terms, *node.inputs[1:])), g, _make)


@exporter(Sum)
def _to_tflite(op: Sum, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write MEAN in its own scale, and RESHAPE, which gives the integers the scale of the sum."""
    kind: TensorType = op.mean_signature(signature).output
    axes = out.constant(f"{node.name}/axes", np.array(op.axes, np.int32))
    of_one = kind == signature.output  # element
    mean = node.outputs[0] if of_one else out.temporary(f"{node.name}/mean", kind)
    out.emit("MEAN", [node.inputs[0], axes], [mean], "ReducerOptions", KeepDims=op.keep_dims)
    if not of_one:
        shape = out.constant(f"{node.name}/shape", np.array(kind.shape, np.int32))
        out.emit("RESHAPE", [mean, shape], node.outputs, "ReshapeOptions")
