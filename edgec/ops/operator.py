"""What every operator tells passes and the quantizer: above all where its ranges come from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, ClassVar, Self

import numpy as np

from edgec.ir import Array, DType, Op, QParams, Signature, TensorType

INT8_AND_INT16 = frozenset({DType.INT8, DType.INT16})
PLAIN_NUMBERS = frozenset({DType.INT32, DType.INT64, DType.BOOL})
"""Types of values that count or decide: they have no quantization."""
_FIXED_INT16 = (2.0**-15, 0)  # of all functions with values in [-1, 1]


class OutputRule(Enum):
    """Where the quantization of an operator's outputs comes from."""

    CALIBRATED = "calibrated"  # the range seen on the calibration data
    SAME_AS_INPUT = "same as input"  # all activation inputs and outputs share one quantization
    FIXED = "fixed"  # what TFLite's specification prescribes: see Operator.prescribed


@dataclass(frozen=True, slots=True)
class Product:
    """Input ``operand`` times input ``weight``, symmetric int8 in one scale.

    An int32 ``bias``, where there is one, is added to it.
    """

    operand: int
    weight: int
    bias: int | None = None


@dataclass(frozen=True, slots=True)
class TiedStates:
    """Inputs and outputs that are one quantity at different times: they share one quantization.

    It is int16 with a power of two as its scale where ``power_of_two``.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    power_of_two: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator(Op):
    """An operator the compiler can import, quantize and lower."""

    output_rule: ClassVar[OutputRule] = OutputRule.CALIBRATED
    products: ClassVar[tuple[Product, ...]] = ()  # of layers over time, which have several
    tied_states: ClassVar[tuple[TiedStates, ...]] = ()
    fixed_output: ClassVar[tuple[float, int] | None] = None  # int8: scale and zero point
    integer_types: ClassVar[frozenset[DType]] = frozenset({DType.INT8})
    number_types: ClassVar[frozenset[DType]] = frozenset()  # plain numbers it takes: no scale
    real_inputs: ClassVar[frozenset[int]] = frozenset()  # constants that stay float32
    is_view: ClassVar[bool] = False  # the output is the input's bytes, in the same order
    moves_only: ClassVar[bool] = False  # outputs hold elements of the one input, no others
    pointwise: ClassVar[bool] = False  # output[i] depends on the (broadcast) inputs at [i] only
    only_limits: ClassVar[bool] = False  # what is within the limits stays as it is
    averages: ClassVar[bool] = False  # the output's range may be narrower than the input's
    is_replaced: ClassVar[bool] = False  # passes replace it before kernels are chosen
    takes_floats: ClassVar[bool] = False  # computes on float32 as it is: no quantization is needed
    is_internal: ClassVar[bool] = False  # no source format has it: importers or passes make it

    def computes(self, dtype: DType) -> bool:
        """Tell whether there are kernels for quantized activations of this type."""
        return dtype in self.integer_types

    @property
    def never_negative(self) -> bool:
        """Whether all float outputs are 0 or more, whatever the inputs."""
        return False

    def is_copy(self, signature: Signature) -> bool:
        """Tell whether an output of the one input's type is that input, element by element."""
        return False

    def carries_factors(self, signature: Signature) -> bool:
        """Tell whether positive factors of the inputs' channels become those of the output's.

        Channels are the last axis, tiled where the output has more. What is fused is not counted.
        """
        return False

    @property
    def own_values(self) -> tuple[float, ...]:
        """Real numbers that outputs may have beside those of the inputs, where only data moves."""
        return ()

    @property
    def clamp(self) -> "Activation":
        """The activation that is fused: the operator's field, where it has one."""
        fused: Activation = getattr(self, "activation", Activation.NONE)
        return fused

    def clamped(self, activation: "Activation") -> Self | None:
        """Return this with a clamp behind it; None where it cannot hold one, or this one too.

        A clamp within the one that is fused already replaces it; Relu after a bounded one is none.
        """
        both = self.clamp.then(activation)
        holds = any(each.name == "activation" for each in fields(self))
        return self._with_clamp(both) if both and holds else None

    def unclamped(self) -> Self:
        """Return this without the activation that is fused."""
        return self if self.clamp is Activation.NONE else self._with_clamp(Activation.NONE)

    def _with_clamp(self, activation: "Activation") -> Self:
        holder: Any = self
        changed: Self = replace(holder, activation=activation)
        return changed

    def integer_form(self) -> "Operator":
        """Return what computes this in integers; its outputs are the first ones of these."""
        return self

    def prescribed(self, dtype: DType) -> QParams | None:
        """Return the output quantization that goes with :attr:`OutputRule.FIXED`."""
        if self.fixed_output is None:
            return None
        return QParams.per_tensor(*(_FIXED_INT16 if dtype is DType.INT16 else self.fixed_output))

    def permuted(self, perm: Sequence[int]) -> "Operator | None":
        """Return the operator that does the same to tensors whose axes are permuted.

        New axis i is old axis ``perm[i]``, of all inputs of the output's rank and of the output.
        None where the meaning of the axes is fixed.
        """
        return self if self.pointwise else None

    def stacked(self, samples: int) -> "Operator | None":
        """Return the operator that does the same to ``samples`` inputs, stacked along a new axis.

        The new axis is the first one, of all inputs and outputs. None where there is no such
        operator: others may take more of the axis that is first today.
        """
        return None


class Activation(Enum):
    """A clamp fused into the operator before it, as TFLite names it."""

    NONE = "NONE"
    RELU = "RELU"
    RELU6 = "RELU6"
    RELU_N1_TO_1 = "RELU_N1_TO_1"

    @property
    def bounds(self) -> tuple[float, float]:
        """Real bounds of the output, inclusive."""
        return _BOUNDS[self]

    def then(self, other: "Activation") -> "Activation | None":
        """Return the one that does what this and then the other do; None where none does."""
        (a, b), (c, d) = self.bounds, other.bounds
        bounds = (min(max(a, c), d), max(min(b, d), c))
        return next((each for each in Activation if each.bounds == bounds), None)

    def apply(self, x: Array) -> Array:
        """Clamp a float array."""
        low, high = self.bounds
        return np.clip(x, low, high).astype(x.dtype) if self is not Activation.NONE else x

    def quantized_bounds(self, kind: TensorType) -> tuple[int, int]:
        """Bounds in the integers of ``kind`` (TFLite: CalculateActivationRangeQuantized)."""
        limits = np.iinfo(kind.dtype.numpy)
        q = kind.quantization
        low, high = (_quantized(bound, q.scale, q.zero_point) for bound in self.bounds)
        return max(int(limits.min), low), min(int(limits.max), high)

    def __str__(self) -> str:
        return self.value


def _quantized(bound: float, scale: float, zero_point: int) -> int:
    """Round half away from zero in float32, as TfLiteRound does."""
    if np.isinf(bound):
        return -(2**31) if bound < 0 else 2**31 - 1
    ratio = float(np.float32(bound) / np.float32(scale))
    return zero_point + int(np.copysign(np.floor(abs(ratio) + 0.5), ratio))


_BOUNDS = {
    Activation.NONE: (-np.inf, np.inf),
    Activation.RELU: (0.0, np.inf),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def is_float(kind: TensorType) -> bool:
    return kind.dtype.value == "float32"
