"""Functions of one int8 element: what their operators share, and their tables of 256 results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, GraphBuilder, Signature, TensorType, ValueName
from edgec.ops.base import Operator
from edgec.ops.constants import add_or_fold
from edgec.ops.fixed_point import Int64, quantize_multiplier, requantize
from edgec.ops.registry import SourceNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Operator):
    """x -> f(x), element by element; shape and element type stay."""

    pointwise: ClassVar[bool] = True

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        return (TensorType(x.shape, x.dtype),)


def lookup_table(op: Unary, signature: Signature) -> Array:
    """Return the int8 results of ``op`` for -128, -127, ... 127, by its own integer semantics."""
    inputs = np.arange(-128, 128).astype(np.int8)
    kinds = [each.with_shape(inputs.shape) for each in (signature.inputs[0], signature.output)]
    (results,) = op.evaluate([inputs], Signature((kinds[0],), (kinds[1],)))
    return results


def tabulate(f: Callable[[Array], Array], x: Array, signature: Signature) -> Array:
    """Return f of the numbers that ``x`` stands for, quantized again, all in float32.

    ``f`` maps float32 to float32, correctly rounded. Source: TFLite ``PopulateLookupTable``.
    """
    source, target = signature.inputs[0].quantization, signature.output.quantization
    real = np.float32(source.scale) * (x.astype(np.int32) - source.zero_point).astype(np.float32)
    steps = (f(real) * (np.float32(1) / np.float32(target.scale))).astype(np.float64)
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
