"""Normalization as TFLite operators: 64-bit integers, and float32 for the inverse root."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, Node, Signature, TensorType, ValueName
from edgec.ops.layers.normalization import INVERSE_LIMIT, Factors, Normalization
from edgec.ops.registry import TfliteEmitter, exporter

_MOST_AXES = 4
_OPTIONS = {
    "ADD": "AddOptions",
    "FLOOR_MOD": "FloorModOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MUL": "MulOptions",
    "SUB": "SubOptions",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A tensor that an arithmetic expression has made so far."""

    value: ValueName
    kind: TensorType


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Writes expressions, each operator into a tensor of its own."""

    out: TfliteEmitter
    name: str

    def number(self, value: float, dtype: DType) -> Term:
        return self.constant(np.array([value], dtype.numpy))

    def constant(self, array: Array) -> Term:
        value = self.out.constant(f"{self.name}/constant", array)
        return Term(value, TensorType(array.shape, DType.of(array)))

    def of_two(self, code: str, a: Term, b: Term) -> Term:
        """Write an operator of two tensors of one type; shapes broadcast."""
        shape = np.broadcast_shapes(a.kind.shape, b.kind.shape)
        return self._write(code, [a, b], a.kind.with_shape(shape), _OPTIONS[code])

    def cast(self, x: Term, dtype: DType) -> Term:
        fields = {"InDataType": x.kind.dtype.name, "OutDataType": dtype.name}
        return self._write("CAST", [x], TensorType(x.kind.shape, dtype), "CastOptions", **fields)

    def finish(self, x: Term, output: ValueName, dtype: DType) -> None:
        """Write what the expression comes to into ``output``, of type ``dtype``."""
        fields = {"InDataType": x.kind.dtype.name, "OutDataType": dtype.name}
        self.out.emit("CAST", [x.value], [output], "CastOptions", **fields)

    def sum(self, x: Term, axes: Sequence[int]) -> Term:
        shape = [1 if axis in axes else extent for axis, extent in enumerate(x.kind.shape)]
        listed = self.constant(np.array(axes, np.int32))
        kind = x.kind.with_shape(shape)
        return self._write("SUM", [x, listed], kind, "ReducerOptions", KeepDims=True)

    def reshape(self, x: Term, shape: Sequence[int]) -> Term:
        listed = self.constant(np.array(shape, np.int32))
        return self._write("RESHAPE", [x, listed], x.kind.with_shape(shape), "ReshapeOptions")

    def inverse_root(self, x: Term) -> Term:
        return self._write("RSQRT", [x], x.kind)

    def _write(
        self,
        code: str,
        inputs: Sequence[Term],
        kind: TensorType,
        options: str = "",
        **fields: Any,
    ) -> Term:
        result = self.out.temporary(f"{self.name}/{code.lower()}", kind)
        self.out.emit(code, [each.value for each in inputs], [result], options, **fields)
        return Term(result, kind)


@exporter(Normalization)
def write_normalization(
    op: Normalization, node: Node, signature: Signature, out: TfliteEmitter
) -> None:
    """Write the integer arithmetic of :class:`Normalization` exactly.

    Raises ``cannot-export`` beyond four runs of axes: TFLite broadcasts no more.
    """
    runs = op.runs(signature)
    if len(runs) > _MOST_AXES:
        raise _cannot_export(node)
    gain, offset = (out.constant_value(value) for value in node.inputs[1:])
    factors = op.factors(gain, offset, signature)
    gains, offsets = (op.by_runs(x, signature) for x in (factors.gains, factors.offsets))
    a = Arithmetic(out, node.name)
    wide = a.cast(Term(node.inputs[0], signature.inputs[0]), DType.INT64)
    x = a.reshape(wide, [run.extent for run in runs])
    axes = [index for index, run in enumerate(runs) if run.normalized]
    count, total = a.number(op.count(signature), DType.INT64), a.sum(x, axes)
    inverse = _inverse_root(a, _spread(a, x, count, total, axes), factors)
    centered = a.of_two("SUB", a.of_two("MUL", x, count), total)
    normal = a.of_two("MUL", centered, inverse)
    scaled = a.of_two("MUL", normal, a.constant(gains.astype(np.int64)))
    raised = offsets.astype(np.int64) << (factors.result_bits - factors.offset_bits)
    y = signature.output
    steps = _divided(a, a.of_two("ADD", scaled, a.constant(raised)), factors.result_bits, y.dtype)
    a.finish(a.reshape(steps, y.shape), node.outputs[0], y.dtype)


def _spread(a: Arithmetic, x: Term, count: Term, total: Term, axes: Sequence[int]) -> Term:
    """Return n * sum of squares - square of sum."""
    squares = a.sum(a.of_two("MUL", x, x), axes)
    return a.of_two("SUB", a.of_two("MUL", squares, count), a.of_two("MUL", total, total))


def _inverse_root(a: Arithmetic, spread: Term, factors: Factors) -> Term:
    """Return 2**k / sqrt(spread + epsilon) as int64."""
    raised = a.of_two("MUL", spread, a.number(4**factors.fine, DType.INT64))
    variance = a.of_two("ADD", raised, a.number(factors.epsilon, DType.INT64))
    inverse = a.inverse_root(a.cast(variance, DType.FLOAT32))
    unit = a.number(2.0 ** (factors.inverse_bits + factors.fine), DType.FLOAT32)
    limited = a.of_two(
        "MINIMUM", a.of_two("MUL", inverse, unit), a.number(INVERSE_LIMIT, DType.FLOAT32)
    )
    return a.cast(limited, DType.INT64)


def _divided(a: Arithmetic, x: Term, bits: int, dtype: DType) -> Term:
    """Return floor(x / 2**bits), saturated to ``dtype``, in float32, which holds it exactly."""
    limits = np.iinfo(dtype.numpy)
    lowest, highest = int(limits.min) << bits, ((int(limits.max) + 1) << bits) - 1
    for code, bound in (("MAXIMUM", lowest), ("MINIMUM", highest)):
        x = a.of_two(code, x, a.number(bound, DType.INT64))
    rest = a.of_two("FLOOR_MOD", x, a.number(1 << bits, DType.INT64))
    whole = a.cast(a.of_two("SUB", x, rest), DType.FLOAT32)
    return a.of_two("MUL", whole, a.number(2.0**-bits, DType.FLOAT32))


def _cannot_export(node: Node) -> EdgecError:
    return EdgecError(
        "cannot-export",
        f"normalization has more than {_MOST_AXES} runs of axes",
        place=Place(inside=f"node {node.name!r}"),
        help="normalize over neighboring axes",
    )
