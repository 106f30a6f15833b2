"""Normalization: mean 0 and variance 1 along some axes, then a gain and an offset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Signature, TensorType
from edgec.ops.numerics.fixed_point import Int64, saturate
from edgec.ops.operator import INT8_AND_INT16, Operator, is_float

_GAIN_BITS = 24  # fraction bits of gains, at most
_PRODUCT_BITS = 61  # of a result, at most
INVERSE_LIMIT = 2**31
_LEAST_INVERSE_BITS = 16
_FINEST = 8  # bits of the deviation below a step, at most


@dataclass(frozen=True, slots=True)
class _Width:
    """What depends on the element type: bits of numbers in the arithmetic."""

    offset: int  # fraction bits of offsets
    result: int  # fraction bits of results, at most
    inverse: int  # of the inverse root for a deviation of one step
    square: int  # of one value
    variance: int


_WIDTHS = {DType.INT8: _Width(22, 52, 30, 14, 52), DType.INT16: _Width(14, 44, 34, 30, 62)}


@dataclass(frozen=True, slots=True)
class Factors:
    """Constants of the integer arithmetic; see :meth:`Normalization.evaluate`.

    Variances are in steps of 4**-``fine``, ``epsilon`` is ``mantissa * 2**exponent`` of these;
    gains and offsets are int32, shaped as the inputs.
    """

    fine: int
    mantissa: int
    exponent: int
    inverse_bits: int
    result_bits: int
    offset_bits: int
    gains: Array
    offsets: Array

    @property
    def epsilon(self) -> int:
        return self.mantissa << self.exponent


@dataclass(frozen=True, slots=True)
class Run:
    """Neighboring axes (without those of extent 1) that are all normalized over, or all not."""

    axes: tuple[int, ...]
    extent: int
    normalized: bool
    varies: bool  # whether gain or offset do, along any of these axes


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization(Operator):
    """x [...], gain [...], offset [...] -> [...]: x brought to mean 0 and variance 1, then scaled.

    The result is (x - mean) / sqrt(variance + epsilon) * gain + offset. Mean and variance are taken
    over ``axes`` (sorted, not negative). Gain and offset are float32 constants with as many axes as
    x, that broadcast to it; so they stay in an integer model.

    In integers all is exact but for two roundings. Of n elements, with sums s of x and q of x * x,
    in steps of the input: v = (n * q - s * s) * 4**f + epsilon, r = 2**(k + f) / sqrt(v) in
    float32, truncated, and y = floor(((n * x - s) * r * gain + offset) / 2**b), saturated.

    Source: ONNX LayerNormalization-17 (Ba et al. 2016), InstanceNormalization-22 (Ulyanov et al.
    2016), GroupNormalization-21 (Wu, He 2018), MeanVarianceNormalization-13. The integers are
    edgec's own.
    """

    name: ClassVar[str] = "normalization"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    real_inputs: ClassVar[frozenset[int]] = frozenset({1, 2})
    axes: tuple[int, ...]
    epsilon: float = 1e-5

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, *parameters = inputs
        fits = all(self._fits(x, each) for each in parameters)
        if not fits or not x.elements or not all(0 <= axis < x.rank for axis in self.axes):
            shown = ", ".join(map(str, inputs))
            message = f"normalization over axes {self.axes} of {shown}"
            raise ValueError(message)
        return (TensorType(x.shape, x.dtype),)

    def _fits(self, x: TensorType, parameter: TensorType) -> bool:
        pairs = zip(parameter.shape, x.shape, strict=False)
        return parameter.rank == x.rank and all(own in {1, extent} for own, extent in pairs)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, gain, offset = inputs
        if is_float(signature.inputs[0]):
            wide = x.astype(np.float64)
            spread = np.sqrt(wide.var(axis=self.axes, keepdims=True) + self.epsilon)
            y = (wide - wide.mean(axis=self.axes, keepdims=True)) / spread * gain + offset
            return (np.asarray(y, np.float32),)
        return (self._evaluate_integer(x.astype(np.int64), gain, offset, signature),)

    def _evaluate_integer(
        self, x: Int64, gain: Array, offset: Array, signature: Signature
    ) -> Array:
        factors = self.factors(gain, offset, signature)
        total = x.sum(axis=self.axes, keepdims=True)
        squares = (x * x).sum(axis=self.axes, keepdims=True)
        count = self.count(signature)
        spread = count * squares - total * total
        inverse = inverse_root((spread << 2 * factors.fine) + factors.epsilon, factors)
        shift = factors.result_bits - factors.offset_bits
        offsets = factors.offsets.astype(np.int64) << shift
        product = (count * x - total) * inverse * factors.gains.astype(np.int64)
        y = (product + offsets) >> factors.result_bits
        limits = np.iinfo(signature.output.dtype.numpy)
        return saturate(y, limits.min, limits.max, signature.output.dtype.numpy)

    def count(self, signature: Signature) -> int:
        """Return how many elements are normalized together."""
        return prod(signature.inputs[0].shape[axis] for axis in self.axes)

    def factors(self, gain: Array, offset: Array, signature: Signature) -> Factors:
        """Return the constants of the integer arithmetic."""
        x, y = signature.inputs[0].quantization, signature.output.quantization
        width = _WIDTHS[signature.output.dtype]
        count = self.count(signature)
        spare = (count.bit_length() - 1) // 2
        fine = max(min((width.variance - width.square) // 2 - count.bit_length(), _FINEST), 0)
        steps = gain.astype(np.float64) / y.scale
        largest = max(float(np.abs(steps).max(initial=0.0)), 2.0**-40)
        gain_bits = int(np.ceil(np.log2(largest)))
        inverse_bits = width.inverse + spare
        if signature.output.dtype is DType.INT16:  # large gains take the room of the inverse
            most = _PRODUCT_BITS - spare - 2 - gain_bits
            inverse_bits = max(min(inverse_bits, most), _LEAST_INVERSE_BITS)
        room = min(_PRODUCT_BITS - inverse_bits - spare - 2, 30)  # bits of a gain
        bits = max(min(_GAIN_BITS, width.result - inverse_bits, room - gain_bits), 0)
        limit = 2**room - 1
        places = offset.astype(np.float64) / y.scale + y.zero_point + 0.5
        return Factors(
            fine,
            *_binary(self.epsilon * (count / x.scale) ** 2 * 4.0**fine),
            inverse_bits,
            inverse_bits + bits,
            width.offset,
            np.clip(np.rint(steps * 2.0**bits), -limit, limit).astype(np.int32),
            _saturated(np.rint(places * 2.0**width.offset)),
        )

    def runs(self, signature: Signature) -> list[Run]:
        """Return the axes of x in as few runs as there can be."""
        x, *parameters = signature.inputs
        axes = [axis for axis, extent in enumerate(x.shape) if extent != 1]
        found = []
        for normalized, each in groupby(axes, key=lambda axis: axis in self.axes):
            run = tuple(each)
            varies = any(parameter.shape[axis] != 1 for parameter in parameters for axis in run)
            extent = prod(x.shape[axis] for axis in run)
            found.append(Run(run, extent, normalized, varies))
        return found

    def by_runs(self, parameter: Array, signature: Signature) -> Array:
        """Return gains or offsets with one axis per run, of extent 1 where they do not vary."""
        runs = self.runs(signature)
        varying = {axis for run in runs if run.varies for axis in run.axes}
        shape = enumerate(signature.inputs[0].shape)
        extents = [extent if axis in varying else 1 for axis, extent in shape]
        merged = [run.extent if run.varies else 1 for run in runs]
        return np.ascontiguousarray(np.broadcast_to(parameter, extents)).reshape(merged)

    def macs(self, signature: Signature) -> int:
        return 3 * signature.output.elements

    def permuted(self, perm: Sequence[int]) -> "Normalization":
        return replace(self, axes=tuple(sorted(tuple(perm).index(axis) for axis in self.axes)))


def offset_bits(dtype: DType) -> int:
    """Return the fraction bits of offsets, of results of a type."""
    return _WIDTHS[dtype].offset


def inverse_root(variance: Int64, factors: Factors) -> Int64:
    """Return 2**(k + f) / sqrt(v) by float32 arithmetic, each step correctly rounded, truncated."""
    root = np.sqrt(variance.astype(np.float32))
    inverse = (np.float32(1) / root) * np.float32(2.0 ** (factors.inverse_bits + factors.fine))
    return np.minimum(inverse, np.float32(INVERSE_LIMIT)).astype(np.int64)


def _binary(number: float) -> tuple[int, int]:
    """Return a number >= 0 as ``mantissa * 2**exponent``: 1 <= mantissa < 2**31, at most 2**52."""
    number = min(max(float(np.rint(number)), 1.0), 2.0**52)
    exponent = max(int(np.ceil(np.log2(number + 1))) - 31, 0)
    return min(int(np.rint(number / 2**exponent)), 2**31 - 1), exponent


def _saturated(numbers: Array) -> Array:
    return np.clip(numbers, -(2**31), 2**31 - 1).astype(np.int32)
