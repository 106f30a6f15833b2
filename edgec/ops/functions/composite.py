"""Composite: several functions of one element, one after the other, as a single function."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Signature, TensorType
from edgec.ops.functions.unary import Tabulated
from edgec.ops.operator import Operator

Operand = int | float
"""The number of an earlier result where it is an int, a constant where it is a float."""


@dataclass(frozen=True, slots=True)
class Part:
    """One operator of a composite. Result 0 is the input x, result n what part n - 1 makes."""

    op: Operator
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        shown = (f"r{each}" if isinstance(each, int) else f"{each:g}" for each in self.operands)
        return f"{self.op.name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite(Tabulated):
    """x [...] -> [...]: the result of the last of ``parts``, all of them pointwise.

    In integers it takes one table, where its parts would round in between.
    Source: edgec's own; the pass compose_functions makes it of operators that follow each other.
    """

    name: ClassVar[str] = "composite"
    is_internal: ClassVar[bool] = True
    parts: tuple[Part, ...]

    def of_floats(self, x: Array) -> Array:
        """Return the function of float32 numbers, step by step in float32."""
        return self.results([x])[-1]

    def results(self, known: Sequence[Array]) -> list[Array]:
        """Return x and all results in float32; the first of them, at least x, are known."""
        results = list(known)
        with np.errstate(all="ignore"):
            for part in self.parts[len(results) - 1 :]:
                results.append(_result(part, results))
        return results

    def __str__(self) -> str:
        return f"composite({' '.join(map(str, self.parts))})"


def _result(part: Part, results: Sequence[Array]) -> Array:
    arrays = [
        results[each] if isinstance(each, int) else np.array(each, np.float32)
        for each in part.operands
    ]
    kinds = tuple(TensorType(array.shape) for array in arrays)
    (y,) = part.op.evaluate(arrays, Signature(kinds, (TensorType(results[0].shape),)))
    return np.asarray(y, np.float32)
