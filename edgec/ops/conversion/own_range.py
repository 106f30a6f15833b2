"""OwnRange: the mark, in a float graph, that a value is requantized on its way to one reader.

Where an operator wants one scale for all its operands (concatenation), an operand that others read
too keeps its own scale for them. Quantization makes the mark a QUANTIZE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Array, DType, Signature, TensorType
from edgec.ops.operator import INT8_AND_INT16, Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRange(Operator):
    """x [...] -> [...]: x, whose quantization is another one than that of the input.

    Source: edgec's own; it marks what is requantized, and quantization replaces it.
    """

    name: ClassVar[str] = "own_range"
    is_internal: ClassVar[bool] = True
    is_replaced: ClassVar[bool] = True
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (x,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (x,)
