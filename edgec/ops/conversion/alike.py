"""Alike: the mark, in a float graph, that two values are the same quantity at different times.

Importers of recurrent layers make it; quantization gives both values the same integers, so that
all steps share tables and factors, and a range is that of all steps. Then the mark is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Array, DType, Signature, TensorType
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike(Operator):
    """x [...], other [...] -> [...]: x, which is quantized as the other value of its shape is.

    Source: edgec's own; it marks the steps of recurrent layers and the states of models, and
    quantization removes it.
    """

    name: ClassVar[str] = "alike"
    is_internal: ClassVar[bool] = True
    is_replaced: ClassVar[bool] = True
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, other = inputs
        if (x.shape, x.dtype) != (other.shape, other.dtype):
            message = f"{x} cannot be like {other}"
            raise ValueError(message)
        return (x,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        return (inputs[0],)
