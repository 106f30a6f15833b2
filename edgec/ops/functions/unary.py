"""Functions of one element: what their operators share, and their tables.

int8 takes a table of all 256 results, int16 one of 513 samples
(``edgec/ops/numerics/interpolation.py``).
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.numerics.fixed_point import Int64, quantize_multiplier, requantize
from edgec.ops.numerics.interpolation import function_table, interpolate
from edgec.ops.operator import INT8_AND_INT16, Operator, is_float
from edgec.ops.registry import SourceNode, TfliteEmitter, exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Operator):
    """x -> f(x), element by element; shape and element type stay."""

    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (TensorType(x.shape, x.dtype),)


_RECOGNIZED: list[Unary] = []


def recognize(*functions: Unary) -> None:
    """Have functions found in graphs that spell them out; called in the operators' files."""
    _RECOGNIZED.extend(each for each in functions if each not in _RECOGNIZED)


def recognized() -> Sequence[Unary]:
    """Return the functions that exporters of other frameworks spell out, once all are loaded."""
    return _RECOGNIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabulated(Unary):
    """A function of float32 numbers, whose tables of integers follow from them.

    int8 goes by the rule of :func:`tabulate`, int16 by that of :meth:`samples`.
    """

    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    largest_bend: ClassVar[float] = 256.0  # steps that a sample may be moved; more is a jump

    @abstractmethod
    def of_floats(self, x: Array) -> Array:
        """Return the function of float32 numbers, float32. Infinities and NaN are allowed."""

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (self.of_floats(x),)
        if x.dtype == np.int16:
            return (interpolate(self.samples(signature), x).astype(np.int16),)
        return (tabulate(self.of_floats, x, signature),)

    def samples(self, signature: Signature) -> Array:
        """Return the 513 samples between which int16 is interpolated."""
        return function_table(self.of_floats, signature, self.largest_bend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Tabulated):
    """A function of one real number, rounded to float32."""

    @abstractmethod
    def real(self, x: Array) -> Array:
        """Return the function of float64 numbers, float64. Infinities and NaN are allowed."""

    def of_floats(self, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.real(x.astype(np.float64)), np.float32)


def lookup_table(op: Unary, signature: Signature) -> Array:
    """Return the int8 results of ``op`` for -128, -127, ... 127, by its own integer semantics."""
    inputs = np.arange(-128, 128).astype(np.int8)
    kinds = [each.with_shape(inputs.shape) for each in (signature.inputs[0], signature.output)]
    (results,) = op.evaluate([inputs], Signature((kinds[0],), (kinds[1],)))
    return results


def tabulate(f: Callable[[Array], Array], x: Array, signature: Signature) -> Array:
    """Return f of the numbers that ``x`` stands for, quantized again, all in float32.

    ``f`` maps float32 to float32, correctly rounded; NaN becomes the zero point. Source: TFLite
    ``PopulateLookupTable``.
    """
    source, target = signature.inputs[0].quantization, signature.output.quantization
    real = np.float32(source.scale) * (x.astype(np.int32) - source.zero_point).astype(np.float32)
    with np.errstate(over="ignore"):
        steps = (f(real) * (np.float32(1) / np.float32(target.scale))).astype(np.float64)
    steps = np.nan_to_num(steps, nan=0.0)
    rounded = np.copysign(np.floor(np.abs(steps) + 0.5), steps) + target.zero_point
    limits = np.iinfo(x.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(x.dtype)


def rescaled(x: Array, factor: float, signature: Signature) -> Int64:
    """Return ``factor`` * (x - zero point) + output zero point in fixed point, not saturated."""
    centered = x.astype(np.int64) - signature.inputs[0].quantization.zero_point
    y = requantize(centered, *quantize_multiplier(factor))
    return y + signature.output.quantization.zero_point


def scale_ratio(signature: Signature) -> float:
    """Return input scale / output scale, divided in float32 as TFLite's activations do it."""
    source, target = signature.inputs[0].quantization, signature.output.quantization
    return float(np.float32(source.scale) / np.float32(target.scale))


def import_unary(node: SourceNode, g: GraphBuilder, op: Unary) -> Sequence[ValueName]:
    """Add ``op`` on input 0 of a node."""
    return add_or_fold(node, g, op, [node.input(0)])


@exporter(Unary)  # type: ignore[type-abstract]  # stands for all below it
def export_table(op: Unary, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write a function TFLite has no operator for as a look into its table: exact.

    Raises ``cannot-export`` for other types than int8 and int16.
    """
    x, y = signature.inputs[0], signature.output
    if isinstance(op, Tabulated) and (x.dtype, y.dtype) == (DType.INT16, DType.INT16):
        emit_samples(node, signature, op.samples(signature), out)
        return
    if (x.dtype, y.dtype) != (DType.INT8, DType.INT8):
        raise EdgecError(
            "cannot-export",
            f"{op.name} has no TFLite operator for {x}",
            place=Place(inside=f"node {node.name!r}"),
            help="build without the .tflite file, or replace the operator in the model",
        )
    table = out.constant(f"{node.name}/table", lookup_table(op, signature), y.qparams)
    emit_table(node, signature, table, out)


def emit_table(node: Node, signature: Signature, table: ValueName, out: TfliteEmitter) -> None:
    """Write table[x + 128] for a node whose input 0 is int8 x: CAST to int32, ADD, GATHER."""
    kind = TensorType(signature.inputs[0].shape, DType.INT32)
    numbers, index = (out.temporary(f"{node.name}/{name}", kind) for name in ("int32", "index"))
    offset = out.constant(f"{node.name}/offset", np.array([128], np.int32))
    source = node.inputs[:1]
    out.emit("CAST", source, [numbers], "CastOptions", InDataType="INT8", OutDataType="INT32")
    out.emit("ADD", [numbers, offset], [index], "AddOptions")
    out.emit("GATHER", [table, index], node.outputs, "GatherOptions")


def emit_samples(node: Node, signature: Signature, samples: Array, out: TfliteEmitter) -> None:
    """Write :func:`~edgec.ops.numerics.interpolation.interpolate` in int32: exact.

    table[i] + (slope[i] * rest + 64) / 128 with i = (x + 32768) / 128, both divisions downwards.
    """
    kind = TensorType(signature.inputs[0].shape, DType.INT32)
    table = samples.astype(np.int32)
    constants = {
        "middle": np.array([1 << 15], np.int32),
        "step": np.array([128], np.int32),
        "table": table[:-1] * 128 + 64,
        "slopes": np.diff(table),
    }
    value = {name: out.constant(f"{node.name}/{name}", each) for name, each in constants.items()}
    for name in ("int32", "place", "index", "rest", "start", "slope", "rise", "sum", "result"):
        value[name] = out.temporary(f"{node.name}/{name}", kind)

    def emit(code: str, inputs: Sequence[str], output: str, options: str = "") -> None:
        out.emit(code, [value[each] for each in inputs], [value[output]], options)

    wide, narrow = ({"InDataType": a, "OutDataType": b} for a, b in (_WIDEN, _NARROW))
    out.emit("CAST", node.inputs[:1], [value["int32"]], "CastOptions", **wide)
    emit("ADD", ["int32", "middle"], "place", "AddOptions")
    emit("FLOOR_DIV", ["place", "step"], "index")
    emit("FLOOR_MOD", ["place", "step"], "rest")
    emit("GATHER", ["table", "index"], "start", "GatherOptions")
    emit("GATHER", ["slopes", "index"], "slope", "GatherOptions")
    emit("MUL", ["slope", "rest"], "rise", "MulOptions")
    emit("ADD", ["start", "rise"], "sum", "AddOptions")
    emit("FLOOR_DIV", ["sum", "step"], "result")
    out.emit("CAST", [value["result"]], node.outputs, "CastOptions", **narrow)


_WIDEN, _NARROW = ("INT16", "INT32"), ("INT32", "INT16")
