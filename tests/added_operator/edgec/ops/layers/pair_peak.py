"""PairPeak: the larger of what a dense layer makes in this run and of what it made in the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.numerics.fixed_point import (
    exact_matmul,
    quantize_multiplier,
    requantize,
    saturate,
    wrap_int32,
)
from edgec.ops.operator import Operator, Product, TiedStates, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer

_LAST = 3  # the input


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPeak(Operator):
    """x [B,I], weights [O,I], bias [O], last sums [B,O] -> peaks [B,O], sums [B,O].

    The sums are x times weights plus bias; peaks, sums and last sums have one quantization.
    """

    name: ClassVar[str] = "pair_peak"
    products: ClassVar[tuple[Product, ...]] = (Product(0, 1, 2),)
    tied_states: ClassVar[tuple[TiedStates, ...]] = (TiedStates((_LAST,), (0, 1)),)

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, weights, bias, last = inputs
        batch, depth = x.shape
        outputs = weights.shape[0]
        fits = weights.shape == (outputs, depth) and bias.shape == (outputs,)
        if not fits or last.shape != (batch, outputs):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        kind = TensorType((batch, outputs), x.dtype)
        return kind, kind

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, weights, bias, last = inputs
        if is_float(signature.inputs[0]):
            sums = np.asarray(x @ weights.T + bias, np.float32)
            return np.maximum(sums, last), sums
        total = exact_matmul(x.astype(np.int64) - zero_point(signature), weights.T) + bias
        steps = requantize(wrap_int32(total), *quantize_multiplier(factor(signature)))
        sums = saturate(steps + signature.output.quantization.zero_point, -128, 127)
        return np.maximum(sums, last), sums

    def macs(self, signature: Signature) -> int:
        return signature.inputs[0].shape[0] * signature.inputs[1].elements


def zero_point(signature: Signature) -> int:
    return signature.inputs[0].quantization.zero_point


def factor(signature: Signature) -> float:
    """Return the factor accumulator -> sums, as TFLite's FULLY_CONNECTED has it."""
    x, weights = (np.float32(each.quantization.scale) for each in signature.inputs[:2])
    return float(x * weights) / signature.output.quantization.scale


@importer(Format.ONNX, "edgec.example::PairPeak")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    weights = g.constant(f"{node.name}.rows", node.constant(g, 1).T)  # [I,O] in the file
    inputs = [node.input(0), weights, node.input(2), node.input(_LAST)]
    return g.add(PairPeak(), inputs, name=node.name, outputs=node.outputs)


@exporter(PairPeak)
def _to_tflite(op: PairPeak, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    peaks, sums = node.outputs
    out.emit("FULLY_CONNECTED", node.inputs[:_LAST], [sums], "FullyConnectedOptions")
    out.emit("MAXIMUM", [sums, node.inputs[_LAST]], [peaks], "MaximumMinimumOptions")
