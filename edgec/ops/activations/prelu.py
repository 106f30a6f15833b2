"""Rectifier with slopes of its own for negative values, one per channel or element."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.broadcasting import broadcast_type, centered, import_elementwise
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numerics.fixed_point import quantize_multiplier, requantize, saturate
from edgec.ops.operator import INT8_AND_INT16, Activation, Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelu(Operator):
    """x [...], slope [...] -> [...]: x where x >= 0, else slope * x.

    The slopes broadcast to the shape of x, which is the output's. Integers have a multiplier for
    each side, whose factors are computed in float32.
    Source: ONNX PRelu-16; TFLite 2.14 PRELU (BroadcastPrelu4DSlow; He et al. 2015).
    """

    name: ClassVar[str] = "prelu"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        result = broadcast_type(inputs)
        if result.shape != inputs[0].shape:
            message = f"slopes {inputs[1]} do not broadcast to {inputs[0]}"
            raise ValueError(message)
        return (result,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, slope = inputs
        output = signature.output
        if output.qparams is None:
            return (np.where(x >= 0, x, slope * x).astype(x.dtype),)
        x, slope = centered(inputs, signature)
        above, below = (quantize_multiplier(each) for each in slope_factors(signature))
        y = np.where(x >= 0, requantize(x, *above), requantize(x * slope, *below))
        limits = np.iinfo(output.dtype.numpy)
        y = y + output.qparams.zero_point
        return (saturate(y, limits.min, limits.max, output.dtype.numpy),)


def slope_factors(signature: Signature) -> tuple[float, float]:
    """Return the factors of positive and negative numbers, in float32 as TFLite computes them."""
    x, slope = (np.float32(kind.quantization.scale) for kind in signature.inputs)
    y = np.float32(signature.output.quantization.scale)
    return float(x / y), float(x * slope / y)


@importer(Format.ONNX, "PRelu")
@importer(Format.TFLITE, "PRELU")
def _import(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import; where slopes have more axes than x, so has the result."""
    rank = g.type(node.input(1)).rank
    shape = g.type(node.input(0)).shape
    if rank > len(shape):
        full = Reshape(shape=(1,) * (rank - len(shape)) + shape)
        (x,) = add_or_fold(node.part(suffix="rank"), g, full, [node.input(0)])
        node = replace(node, inputs=(x, *node.inputs[1:]))
    return import_elementwise(node, g, Prelu())


@exporter(Prelu)
def _to_tflite(op: Prelu, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if signature.output.dtype is DType.INT16:
        _emit_parts(node, signature, out)
    else:
        out.emit("PRELU", node.inputs, node.outputs)


def _emit_parts(node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write relu(x) + min(x, 0) * slope: exact, as one of both is 0 and ADD keeps one scale.

    The interpreter has no PRELU for int16.
    """
    x, slope = node.inputs
    kinds = {"above": signature.output, "negative": signature.inputs[0], "below": signature.output}
    parts = {name: out.temporary(f"{node.name}/{name}", kind) for name, kind in kinds.items()}
    zero = np.zeros((), np.int16)
    limit = out.constant(f"{node.name}/zero", zero, signature.inputs[0].qparams)
    out.emit("RELU", [x], [parts["above"]])
    out.emit("MINIMUM", [x, limit], [parts["negative"]], "MaximumMinimumOptions")
    out.emit("MUL", [parts["negative"], slope], [parts["below"]], "MulOptions")
    inputs, none = [parts["above"], parts["below"]], Activation.NONE.value
    fields = {"FusedActivationFunction": none, "PotScaleInt16": False}
    out.emit("ADD", inputs, node.outputs, "AddOptions", **fields)
