"""LSTM over a sequence, in one node: int8 activations and weights, int16 gates and cell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, Node, QParams, Signature, TensorType, ValueName
from edgec.ops.layers.variables import emit_result, emit_variable
from edgec.ops.numerics.fixed_point import (
    Int64,
    integer_matmul,
    quantize_multiplier,
    requantize,
    rounding_right_shift,
    saturate,
)
from edgec.ops.numerics.fixed_point_int16 import logistic_q3, tanh_of
from edgec.ops.numerics.float_matmul import float_matmul
from edgec.ops.operator import Operator, Product, TiedStates, is_float
from edgec.ops.registry import TfliteEmitter, exporter

GATES = 4  # input, forget, cell, output: the order of all that there are four of
X, WEIGHTS, RECURRENT, BIASES, HIDDEN, CELL = 0, 1, 5, 9, 13, 14  # inputs; the first of four
NEW_CELL = 2  # the gate with tanh
GATE_SCALE = 2.0**-12  # of sums: Q3.12
CELL_EXPONENTS = range(-15, -8)  # of the cell's scale: what TFLite has a tanh for
_LOWEST, _HIGHEST = -(2**15), 2**15 - 1
_RANK = 3
TFLITE_INPUTS = (*range(9), *range(12, 16), 18, 19)  # where TFLite's operator has ours
_TFLITE_COUNT = 24
_RESULT = 4  # the intermediate tensor of TFLite's operator that quantizes the result


@dataclass(frozen=True, slots=True, kw_only=True)
class Lstm(Operator):
    """x, 4 weights [H,I], 4 recurrent [H,H], 4 biases [H], h, c -> y, next h, next c.

    x is [B,T,I] and y [B,T,H], [T,B,*] where ``time_major``; states are [B,H]. Of each four the
    order is input, forget, cell, output. x, h and y are int8, c is int16 with a power of two as its
    scale. ``cell_clip`` bounds c where it is not 0. ``hidden`` is the quantization that results are
    made in, where a file says another than that of y. With ``shows_cells`` there is a fourth
    output, c after each step, in floats: calibration has to see it.
    Source: TFLite 2.14 UNIDIRECTIONAL_SEQUENCE_LSTM (EvalInteger8x8_16); ONNX LSTM-22 without
    peepholes (Hochreiter, Schmidhuber 1997; Gers et al. 2000).
    """

    name: ClassVar[str] = "lstm"
    products: ClassVar[tuple[Product, ...]] = (
        *(Product(X, WEIGHTS + gate, BIASES + gate) for gate in range(GATES)),
        *(Product(HIDDEN, RECURRENT + gate) for gate in range(GATES)),
    )
    tied_states: ClassVar[tuple[TiedStates, ...]] = (
        TiedStates((HIDDEN,), (0, 1)),
        TiedStates((CELL,), (2, 3), power_of_two=True),
    )
    time_major: bool = False
    cell_clip: float = 0.0
    hidden: QParams | None = None
    shows_cells: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, *weights, hidden, cell = inputs
        units = hidden.shape[-1]
        wanted = [(units, x.shape[-1])] * GATES + [(units, units)] * GATES + [(units,)] * GATES
        batch = x.shape[1 if self.time_major else 0] if x.rank == _RANK else 0
        states = [each.shape for each in (hidden, cell)]
        if [each.shape for each in weights] != wanted or any(
            each not in {(batch, units), (1, units)} for each in states
        ):
            message = f"lstm of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        y = TensorType((*x.shape[:2], units), x.dtype)
        shown = [TensorType(y.shape, cell.dtype)] if self.shows_cells else []
        state = (batch, units)
        return y, TensorType(state, hidden.dtype), TensorType(state, cell.dtype), *shown

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, *weights, hidden, cell = inputs
        steps = x if self.time_major else x.swapaxes(0, 1)
        kinds = signature.inputs
        layer = _Floats(self, weights) if is_float(kinds[0]) else Integers(self, weights, signature)
        batch = steps.shape[1]
        h, c = (np.broadcast_to(each, (batch, each.shape[1])) for each in (hidden, cell))
        results, cells = [], []
        for sums in layer.input_sums(steps):
            h, c = layer.step(sums, h, c)
            results.append(h)
            cells.append(c)
        y, shown = (
            each if self.time_major else np.ascontiguousarray(each.swapaxes(0, 1))
            for each in (np.stack(results), np.stack(cells))
        )
        return (y, h, c, shown) if self.shows_cells else (y, h, c)

    def integer_form(self) -> Operator:
        return replace(self, shows_cells=False)

    def macs(self, signature: Signature) -> int:
        x = signature.inputs[X]
        depth, units = x.shape[-1], signature.output.shape[-1]
        return x.shape[0] * x.shape[1] * GATES * units * (depth + units)


class _Floats:
    """One layer's arithmetic in float32."""

    def __init__(self, op: Lstm, weights: Sequence[Array]) -> None:
        self._weights = np.concatenate(weights[:GATES])
        self._recurrent = np.concatenate(weights[GATES : 2 * GATES])
        self._bias = np.concatenate(weights[2 * GATES :])
        self._clip = op.cell_clip or np.inf

    def input_sums(self, steps: Array) -> Array:
        """Return what the inputs add to the gates: [T, B, 4 H]."""
        return np.asarray(float_matmul(steps, self._weights.T) + self._bias)

    def step(self, sums: Array, h: Array, c: Array) -> tuple[Array, Array]:
        i, f, new, o = np.split(sums + float_matmul(h, self._recurrent.T), GATES, axis=-1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(new)
        c = np.clip(c, -self._clip, self._clip).astype(np.float32)
        return (_sigmoid(o) * np.tanh(c)).astype(np.float32), c


def _sigmoid(x: Array) -> Array:
    return np.asarray((1 + np.tanh(x / 2)) / 2)


class Integers:
    """One layer's arithmetic in integers, and the factors it needs."""

    def __init__(self, op: Lstm, weights: Sequence[Array], signature: Signature) -> None:
        kinds = signature.inputs
        self._weights, self._recurrent = weights[:GATES], weights[GATES : 2 * GATES]
        self._biases = weights[2 * GATES :]
        self._zero = kinds[X].quantization.zero_point
        self._state_zero = kinds[HIDDEN].quantization.zero_point
        self.input_scales, self.recurrent_scales = (
            [quantize_multiplier(each) for each in _factors(signature, operand, first)]
            for operand, first in ((X, WEIGHTS), (HIDDEN, RECURRENT))
        )
        result = op.hidden or signature.output.quantization
        self.result_zero = result.zero_point
        self.result_scale = quantize_multiplier(float(np.float32(2.0**-30 / result.scale)))
        self.exponent = cell_exponent(kinds[CELL])
        self.clip = quantized_clip(op.cell_clip, kinds[CELL])

    def input_sums(self, steps: Array) -> Int64:
        """Return what the inputs add to the gates, int16: [T, B, 4, H]."""
        operand = steps.astype(np.int64) - self._zero
        sums = [
            requantize(integer_matmul(operand, w.T) + bias, *scale)
            for w, bias, scale in zip(self._weights, self._biases, self.input_scales, strict=True)
        ]
        return _int16(np.stack(sums, axis=2))

    def step(self, sums: Int64, h: Array, c: Array) -> tuple[Array, Array]:
        operand = h.astype(np.int64) - self._state_zero
        gates = [
            _int16(sums[:, gate] + requantize(integer_matmul(operand, r.T), *scale))
            for gate, (r, scale) in enumerate(
                zip(self._recurrent, self.recurrent_scales, strict=True)
            )
        ]
        i, f, new, o = (
            tanh_of(each, 3) if gate == NEW_CELL else logistic_q3(each)
            for gate, each in enumerate(gates)
        )
        cell = rounding_right_shift(f * c, 15) + rounding_right_shift(i * new, 30 + self.exponent)
        cell = np.clip(_int16(cell), -self.clip, self.clip) if self.clip else _int16(cell)
        result = requantize(o * tanh_of(cell, 15 + self.exponent), *self.result_scale)
        return saturate(result + self.result_zero, -128, 127), cell.astype(np.int16)


def _factors(signature: Signature, operand: int, first: int) -> list[float]:
    """Return the factors from sums of products to gates, multiplied out in float32."""
    scale = np.float32(signature.inputs[operand].quantization.scale)
    weights = [signature.inputs[first + gate].quantization.scale for gate in range(GATES)]
    return [float(np.float32(each) * scale / np.float32(GATE_SCALE)) for each in weights]


def cell_exponent(cell: TensorType) -> int:
    """Return e of the cell's scale 2**e."""
    return int(np.frexp(cell.quantization.scale)[1]) - 1


def quantized_clip(clip: float, cell: TensorType) -> int:
    """Return the largest integer of the cell, 0 for no limit; TFLite truncates."""
    steps = np.float32(clip) / np.float32(cell.quantization.scale)
    return int(np.clip(steps, _LOWEST, _HIGHEST))


def _int16(x: Int64) -> Int64:
    return np.clip(x, _LOWEST, _HIGHEST)


@exporter(Lstm)
def _to_tflite(op: Lstm, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    inputs: list[ValueName | None] = [None] * _TFLITE_COUNT
    for place, value in zip(TFLITE_INPUTS, node.inputs, strict=True):
        inputs[place] = value
    states = [
        emit_variable(node, signature, out, place, after)
        for place, after in ((HIDDEN, 1), (CELL, 2))
    ]
    inputs[TFLITE_INPUTS[HIDDEN]], inputs[TFLITE_INPUTS[CELL]] = states
    out.emit(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        inputs,
        node.outputs[:1],
        "UnidirectionalSequenceLSTMOptions",
        FusedActivationFunction="TANH",
        CellClip=op.cell_clip,
        TimeMajor=op.time_major,
    )
    if not is_float(signature.output):
        unused = [None] * _RESULT
        out.intermediates([*unused, op.hidden or signature.output.quantization])
    for state, after in zip(states, node.outputs[1:3], strict=True):
        emit_result(out, state, after)
