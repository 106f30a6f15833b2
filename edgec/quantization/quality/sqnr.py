"""How good a quantization is: signal-to-quantization-noise ratio (SQNR).

Searches judge outputs before a final function with a range prescribed by TFLite (softmax,
logistic): behind it all confident answers look alike, however they came about. Likewise before an
arg max. What users are told of is the outputs themselves, and these values by their name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.operator import Operator, OutputRule, is_float
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values

_FLOOR = 1e-30
_AT_A_TIME = 1 << 21  # elements that are squared in double


@dataclass(frozen=True, slots=True)
class Judged:
    """The ``value`` that stands for an ``output`` where searches judge it.

    ``before`` is the operator that reads it on its way to the output (softmax, logistic, arg_max);
    None where the value is the output itself. Without ``output`` it is a value inside the model.
    """

    output: ValueName | None
    value: ValueName
    before: str | None


def judged_outputs(graph: Graph, *, states: bool = True) -> tuple[Judged, ...]:
    """Return what stands for each output that is made of reals; ``states`` are outputs, too."""
    producers = graph.producers()
    outputs = graph.outputs if states else graph.without_states(graph.outputs)
    found = [_judged(graph, producers, output) for output in outputs]
    return tuple(each for each in found if each is not None)


def judged_values(graph: Graph) -> tuple[ValueName, ...]:
    """Return the values that stand for the outputs, states too, each once."""
    return tuple(dict.fromkeys(each.value for each in judged_outputs(graph)))


def real_outputs(graph: Graph) -> tuple[ValueName, ...]:
    """Return the outputs that users see and that are reals: not states, not indices."""
    outputs = graph.without_states(graph.outputs)
    return tuple(each for each in outputs if _is_real(graph, each))


def _is_real(graph: Graph, value: ValueName) -> bool:
    return is_float(graph.types[value]) or graph.types[value].qparams is not None


def _judged(graph: Graph, producers: Mapping[ValueName, Node], output: ValueName) -> Judged | None:
    found = _real_before(graph, producers, output)
    if found is None:
        return None
    value, before = found
    node = producers.get(value)
    op = node.op if node is not None else None
    if node is not None and isinstance(op, Operator) and op.output_rule is OutputRule.FIXED:
        value, before = node.inputs[0], op.name
    return None if value in graph.constants else Judged(output, value, before)


def _real_before(
    graph: Graph, producers: Mapping[ValueName, Node], output: ValueName
) -> tuple[ValueName, str | None] | None:
    """Return the reals that an output of numbers is made from, and what makes numbers of them.

    Of several the first; limits that values are compared with are none.
    """
    left: list[tuple[ValueName, str | None]] = [(output, None)]
    seen = set[ValueName]()
    while left:
        value, before = left.pop()
        if _is_real(graph, value):
            return value, before
        if value in producers and value not in seen:
            node = producers[value]
            read = [each for each in node.inputs if each not in graph.constants]
            left += [(each, node.op.name) for each in reversed(read)]
        seen.add(value)
    return None


def energy(x: Array) -> float:
    """Return the sum of squares, in double and in an order that no number of threads changes."""
    flat = x.reshape(-1)
    starts = range(0, flat.size, _AT_A_TIME)
    parts = [np.square(flat[at : at + _AT_A_TIME], dtype=np.float64).sum() for at in starts]
    return float(sum(parts))


@dataclass(eq=False)
class Noise:
    """Adds up noise and signal of some values over parts of the samples."""

    noise: dict[ValueName, float] = field(default_factory=dict)
    signal: dict[ValueName, float] = field(default_factory=dict)

    def add(self, wanted: Mapping[ValueName, Array], got: Mapping[ValueName, Array]) -> None:
        """Take in more samples of the values in ``wanted``."""
        for value, x in wanted.items():
            self.noise[value] = self.noise.get(value, 0.0) + energy(x - got[value])
            self.signal[value] = self.signal.get(value, 0.0) + energy(x)

    @property
    def ratio(self) -> float:
        """Noise over signal, the mean over all values; 0 is perfect."""
        ratios = [noise / (self.signal[value] + _FLOOR) for value, noise in self.noise.items()]
        return sum(ratios) / len(ratios) if ratios else 0.0

    @property
    def db(self) -> float:
        """The same as a signal-to-noise ratio in dB, at most 300."""
        return -10 * float(np.log10(self.ratio + _FLOOR))

    def each_db(self) -> dict[ValueName, float]:
        """Return the signal-to-noise ratio of every value in dB, within -300 and 300."""
        return {
            value: 10 * float(np.log10((self.signal[value] + _FLOOR) / (noise + _FLOOR)))
            for value, noise in self.noise.items()
        }


def output_sqnr_db(
    integer: Graph, inputs: Mapping[ValueName, Array], wanted: Mapping[ValueName, Array]
) -> float:
    """Return the SQNR of an integer graph's ``wanted`` values for float ``inputs``, exactly."""
    noise = Noise()
    add_noise(noise, integer, inputs, wanted)
    return noise.db


def add_noise(
    noise: Noise,
    integer: Graph,
    inputs: Mapping[ValueName, Array],
    wanted: Mapping[ValueName, Array],
) -> None:
    """Add the noise of an integer graph's ``wanted`` values for float ``inputs``, exactly."""
    values = BatchEvaluator(integer).run(integer_inputs(integer, inputs), list(wanted))
    noise.add(wanted, {v: dequantized(values[v], integer.types[v]) for v in wanted})


def integer_values(integer: Graph, inputs: Mapping[ValueName, Array]) -> Values:
    """Evaluate an integer graph on float inputs; those already integers are taken as they are."""
    return BatchEvaluator(integer).run(integer_inputs(integer, inputs))


def integer_inputs(integer: Graph, inputs: Mapping[ValueName, Array]) -> Values:
    """Return inputs in the types of an integer graph; those already integers as they are."""
    kinds, to_even = integer.types, integer.halves_to_even
    return {
        name: x
        if x.dtype == kinds[name].dtype.numpy
        else quantize_floats(x, kinds[name], halves_to_even=to_even)
        for name, x in inputs.items()
    }
