"""Cast: the stored numbers in another element type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator
from edgec.ops.registry import TfliteEmitter, exporter
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Operator):
    """x [...] -> [...]: the numbers as they are stored, in the type ``dtype``.

    Floats lose what is behind the point; beyond the type's range they become its nearest number,
    NaN 0, where C leaves it open. Integers keep their lowest bits. All but 0 is true.
    Source: ONNX Cast-13; TFLite CAST.
    """

    name: ClassVar[str] = "cast"
    pointwise: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    dtype: DType

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (TensorType(x.shape, self.dtype),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (converted(x, self.dtype),)


def converted(x: Array, dtype: DType) -> Array:
    """Return an array in another type, by the rule of :class:`Cast`."""
    if dtype is DType.BOOL:
        return np.asarray(x != 0)
    if x.dtype.kind == "f" and dtype.is_integer:
        limits = np.iinfo(dtype.numpy)
        whole = np.trunc(np.nan_to_num(x.astype(np.float64), nan=0.0))
        return np.clip(whole, limits.min, limits.max).astype(dtype.numpy)
    return x.astype(dtype.numpy)


describe_tflite("CAST", says=TfliteOperator(types=Types.ANY))


@exporter(Cast)
def _to_tflite(op: Cast, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    types = {"InDataType": signature.inputs[0].dtype.name, "OutDataType": op.dtype.name}
    out.emit("CAST", node.inputs, node.outputs, "CastOptions", **types)
