"""One score per class from decisions between every two: votes, and how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.classical.pair_classes import pairs_of
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class PairShares(Operator):
    """x [...,P] float32 -> [...,C]: votes + s / (3 (|s| + 1)), s the sum of a class's decisions.

    A pair (i, j) votes for j where its decision is below 0, else for i. All is float32.
    Source: scikit-learn, decision_function_shape 'ovr', as skl2onnx writes it.
    """

    name: ClassVar[str] = "pair_shares"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    classes: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not is_float(x) or x.shape[-1:] != (pairs_of(self.classes),):
            message = f"{self.name} of {x} for {self.classes} classes"
            raise ValueError(message)
        return (x.with_shape((*x.shape[:-1], self.classes)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        return (shares(inputs[0], self.classes),)

    def stacked(self, samples: int) -> "PairShares":
        return self


def shares(x: Array, classes: int) -> Array:
    """Return the scores of classes, [...,C], from float32 decisions of pairs, [...,P]."""
    one, three = np.float32(1), np.float32(3)
    votes = np.zeros((*x.shape[:-1], classes), np.float32)
    sums = np.zeros_like(votes)
    for place, (i, j) in enumerate(combinations(range(classes), 2)):
        is_second = x[..., place] < 0
        votes[..., i] += ~is_second
        votes[..., j] += is_second
        sums[..., i] += x[..., place]
        sums[..., j] -= x[..., place]
    return np.asarray(votes + sums / (three * (np.abs(sums) + one)), np.float32)


@importer(Format.ONNX, "edgec::PairShares")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    op = PairShares(classes=node.integer("classes"))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)


@exporter(PairShares)
def _to_tflite(op: PairShares, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "classes of pairs")
