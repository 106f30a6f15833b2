"""The label of a classifier: by the largest of its scores, or by one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.float_bits import LOWEST, order_of, place_of
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLabel(Operator):
    """x [...,T] float32 -> [...] int32: the label of the largest element, of equal ones the first.

    NaN is left out. With a ``column`` (0 or more) one element decides: it is the second label where
    it is more than ``threshold``, else the first.
    Source: ONNX-ML classifiers (onnxruntime).
    """

    name: ClassVar[str] = "class_label"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    labels: tuple[int, ...]
    column: int = -1
    threshold: float = 0.0

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        wanted = x.shape[-1] if self.column < 0 and x.rank else 2
        if not is_float(x) or not x.rank or len(self.labels) != wanted:
            message = f"{self.name} of {x} with {len(self.labels)} labels"
            raise ValueError(message)
        return (TensorType(x.shape[:-1], DType.INT32),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        order = np.where(np.isnan(x), LOWEST, order_of(x))
        if self.column < 0:
            best = order.argmax(axis=-1)
        else:
            best = (order[..., self.column] > place_of(self.threshold)).astype(np.int64)
        return (np.array(self.labels, np.int32)[best],)

    def stacked(self, samples: int) -> "ClassLabel":
        return self

    def __str__(self) -> str:
        by = f", element {self.column} > {self.threshold:g}" if self.column >= 0 else ""
        return f"class_label({len(self.labels)} labels{by})"


@exporter(ClassLabel)
def _to_tflite(op: ClassLabel, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "labels of classes")
