"""QONNX, as Brevitas and qonnx write it: one node, Quant, that rounds to integers of any width.

Source: the custom operators of the ``qonnx`` package 1.0 (IntQuant, BipolarQuant).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from edgec.frontends.onnx.spelling import Forms, Spelling
from edgec.ir import Array, DType, QParams

QONNX = "qonnx.custom_op.general"
"""The domain of QONNX's operators today."""
_FORMER = ("onnx.brevitas", "finn.custom_op.general")
_NAMES = {"IntQuant": "Quant"}  # of later versions
_OPERATORS = ("Quant", "IntQuant", "BipolarQuant", "Trunc")
_WIDEST = 16  # bits of integers with a grid
_MOST_BITS = 1 << 10  # of floats: their largest number is less than 2**1024
_BYTE = 8
NEAREST = {"ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN"}
"""Manners of rounding that go to the nearest integer."""
_ROUND: Mapping[str, Callable[[Array], Array]] = {
    "ROUND": np.rint,
    "HALF_EVEN": np.rint,
    "HALF_UP": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    "HALF_DOWN": lambda x: np.copysign(np.ceil(np.abs(x) - 0.5), x),
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "UP": lambda x: np.copysign(np.ceil(np.abs(x)), x),
    "DOWN": np.trunc,
}


@dataclass(frozen=True, slots=True)
class Steps:
    """What a Quant rounds to: integers ``low`` to ``high`` less ``zero``, times ``scale``.

    Scale and zero point are arrays that broadcast against the tensor.
    """

    scale: Array
    zero: Array
    bits: int
    signed: bool
    narrow: bool
    rounding: str = "ROUND"

    @property
    def low(self) -> int:
        return (self.narrow - 2 ** (self.bits - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        if self.signed:
            return int(2 ** (self.bits - 1)) - 1
        return int(2**self.bits) - 1 - self.narrow

    @property
    def is_bipolar(self) -> bool:
        """Tell whether the only numbers are -scale and +scale."""
        return self.signed and self.bits == 1

    @property
    def dtype(self) -> DType | None:
        """The narrowest type that holds all integers; None above 16 bits."""
        if self.bits > _WIDEST:
            return None
        if self.bits <= _BYTE:
            return DType.INT8 if self.signed else DType.UINT8
        return DType.INT16 if self.signed or self.bits < _WIDEST else DType.UINT16

    def rounded(self, x: Array) -> Array:
        """Return the float32 numbers that ``x`` becomes; ``ValueError`` where shapes do not fit."""
        steps = x / self.scale + self.zero
        if self.is_bipolar:
            steps = np.where(steps >= 0, 1.0, -1.0)
        else:
            steps = _ROUND[self.rounding](np.clip(steps, self.low, self.high))
        rounded = np.asarray((steps - self.zero) * self.scale, np.float32)
        if rounded.shape != x.shape:
            message = f"scale and zero point make {rounded.shape} of {x.shape}"
            raise ValueError(message)
        return rounded

    @property
    def grid(self) -> QParams | None:
        """The scales and zero points (as for int8), None where there is no such grid."""
        scales = tuple(float(each) for each in self.scale.reshape(-1))
        if self.bits > _WIDEST or max(self.scale.shape, default=1) != len(scales):
            return None
        shift = 0 if self.signed else 2 ** (_BYTE - 1)
        zeros = (
            np.broadcast_to(self.zero.reshape(-1), len(scales)) if self._is_even else np.zeros(0)
        )
        given = tuple(int(each) - shift for each in zeros)
        usable = given and all(0 < each < np.inf for each in scales)
        return QParams(scales, given, None if len(scales) == 1 else 0) if usable else None

    @property
    def _is_even(self) -> bool:
        """Tell whether there are as many zero points as scales, or one."""
        return self.zero.size in {1, self.scale.size}


def steps_of(op: str, inputs: Sequence[Array], attributes: Mapping[str, Any]) -> Steps:
    """Return what a node rounds to; ``inputs`` begin with the scale.

    Raises ``ValueError`` where they make no sense.
    """
    scale = np.asarray(inputs[0], np.float32)
    if op == "BipolarQuant":
        return Steps(scale, np.zeros((), np.float32), 1, signed=True, narrow=False)
    bits = float(np.asarray(inputs[2]).reshape(()))
    rounding = str(attributes.get("rounding_mode", "ROUND")).upper()
    if not 1 <= bits <= _MOST_BITS or bits != int(bits) or rounding not in _ROUND:
        message = f"{bits:g} bits, rounding mode {rounding!r}"
        raise ValueError(message)
    return Steps(
        scale,
        np.asarray(inputs[1], np.float32),
        int(bits),
        signed=bool(attributes.get("signed", 1)),
        narrow=bool(attributes.get("narrow", 0)),
        rounding=rounding,
    )


def grid_of_quant(node: Any, arrays: Sequence[Array | None]) -> QParams | None:
    """Return the scales that a node (``NodeProto``) gives a constant, None where it has none."""
    inputs = [each for each in arrays[1:] if each is not None]
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    mode = attributes.get("rounding_mode", b"ROUND").decode()
    try:
        return steps_of(node.op_type, inputs, {**attributes, "rounding_mode": mode}).grid
    except (ValueError, IndexError, TypeError, AttributeError):
        return None  # the importer says what is wrong


def _today(s: Spelling) -> Iterator[Any]:
    """Give an operator the name and the domain that it has today."""
    node = onnx.NodeProto()
    node.CopyFrom(s.node)
    node.domain = QONNX
    node.op_type = _NAMES.get(node.op_type, node.op_type)
    yield node


QONNX_FORMS: Forms = {
    **{(domain, op): _today for domain in _FORMER for op in _OPERATORS},
    **{(QONNX, op): _today for op in _NAMES},
}
