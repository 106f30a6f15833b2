"""The quantizer: float graph + ranges -> int8 graph, as the TFLite quantization spec has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.base import Operator, OutputRule, is_float
from edgec.ops.quantize import Quantize, quantize_floats
from edgec.quantization.observers import Range
from edgec.quantization.parameters import (
    activation_qparams,
    quantize_bias,
    quantize_weights,
    weight_qparams,
    weight_scales,
)
from edgec.quantization.ties import Ties

_SMALLEST_RATIO = 2.0**-16  # of an output's scale to its inputs'; TFLite's ADD needs 2**-19
_STEPS = 255.0  # of an activation, from its zero point
_ACCUMULATOR = 2.0**30  # what accumulators times their multiplier stay below


def quantize(graph: Graph, ranges: Mapping[ValueName, Range]) -> Graph:
    """Return the int8 graph with inputs and outputs int8 too; names and layouts stay.

    ``ranges`` has every float value that is no constant (:func:`calibrate`). Weights become
    symmetric int8 per the operator's ``weight_rule``, biases int32 with scale = input scale times
    weight scale, activations asymmetric int8 with an exact 0.
    """
    return _Quantizer(graph, ranges).run()


@dataclass(eq=False)
class _Quantizer:
    graph: Graph
    ranges: Mapping[ValueName, Range]
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    constants: dict[ValueName, Array] = field(default_factory=dict)
    _ties: Ties = field(init=False)
    _groups: dict[ValueName, Range] = field(init=False)
    _chosen: dict[ValueName, QParams] = field(default_factory=dict)
    _named: dict[tuple[ValueName, QParams | None], ValueName] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ties = Ties(self.graph)
        self._groups = self._ties.ranges(self.ranges)

    def run(self) -> Graph:
        for value in self.graph.inputs:
            self._declare(value)
        for node in self.graph.nodes:
            self._add(node)
        result = replace(
            self.graph, nodes=tuple(self.nodes), types=self.types, constants=self.constants
        )
        return result.with_nodes(result.nodes)

    def _add(self, node: Node) -> None:
        op = node.op
        if isinstance(op, Operator) and op.weight_rule is not None:
            self._add_layer(node, op.weight_rule.axis)
            return
        if isinstance(op, Operator) and op.output_rule is OutputRule.CALIBRATED:
            inputs = tuple(
                self._operand(value, real=index in op.real_inputs)
                for index, value in enumerate(node.inputs)
            )
            scales = [q.scale for v in inputs if (q := self.types[v].qparams)]
            self._declare(node.outputs[0], max(scales, default=0.0) * _SMALLEST_RATIO)
        else:
            self._declare(node.outputs[0])
            inputs = tuple(self._tied(node, index) for index in range(len(node.inputs)))
        for value in node.outputs[1:]:
            self._declare(value)
        self.nodes.append(replace(node, inputs=inputs))

    def _declare(self, value: ValueName, smallest: float = 0.0) -> None:
        """Give an activation its type; the first value of a group decides for all."""
        kind = self.graph.types[value]
        if not is_float(kind):
            self.types[value] = kind
            return
        root = self._ties.root(value)
        if root not in self._chosen:
            fixed = self._ties.fixed(value)
            self._chosen[root] = fixed or activation_qparams(self._groups[root], smallest)
        self.types[value] = TensorType(kind.shape, DType.INT8, self._chosen[root])

    def _operand(self, value: ValueName, *, real: bool = False) -> ValueName:
        """Return an input as it is; a constant by its own range, or as floats where ``real``."""
        array = self.graph.constants.get(value)
        if array is None:
            return value
        if real or not is_float(self.graph.types[value]):
            return self._constant(value, array, None)
        return self._quantized_constant(value, activation_qparams(Range.of(array)))

    def _tied(self, node: Node, index: int) -> ValueName:
        """Return an input in the quantization of the output, where the operator shares it."""
        value, target = node.inputs[index], self.types[node.outputs[0]].qparams
        shares = isinstance(node.op, Operator) and node.op.output_rule is OutputRule.SAME_AS_INPUT
        if not shares or target is None or not is_float(self.graph.types[value]):
            return self._operand(value)
        if value in self.graph.constants:
            return self._quantized_constant(value, target)
        if (node.name, index) in self._ties.requantized and self.types[value].qparams != target:
            return self._requantized(value, target, f"{node.name}/requantize_{index}")
        return value

    def _requantized(self, value: ValueName, target: QParams, name: str) -> ValueName:
        result = self._unused(ValueName(f"{value}.requantized"))
        self.types[result] = self.types[value].with_qparams(target)
        self.nodes.append(Node(name, Quantize(), (value,), (result,), (name,)))
        return result

    def _add_layer(self, node: Node, axis: int | None) -> None:
        x, w, *bias = node.inputs
        weights = self.graph.constants[w]
        offsets = self.graph.constants[bias[0]] if bias else None
        input_scale = self.types[x].quantization.scale
        scales = weight_scales(weights, axis, offsets, input_scale)
        integers = quantize_weights(weights, scales, axis)
        inputs = [x, self._constant(w, integers, weight_qparams(scales, axis))]
        products = scales * np.float32(input_scale)
        largest = _largest_sums(integers, axis)
        if offsets is not None:
            steps = quantize_bias(offsets, products)
            largest = largest + np.abs(steps.astype(np.float64))
            q = weight_qparams(products, None if axis is None else 0)
            inputs.append(self._constant(bias[0], steps, q))
        self._declare(node.outputs[0], float((products * largest).max()) / _ACCUMULATOR)
        self.nodes.append(replace(node, inputs=tuple(inputs)))

    def _quantized_constant(self, value: ValueName, q: QParams) -> ValueName:
        array = self.graph.constants[value]
        kind = TensorType(array.shape, DType.INT8, q)
        return self._constant(value, quantize_floats(array, kind), q)

    def _constant(self, value: ValueName, array: Array, q: QParams | None) -> ValueName:
        """Add a constant made from ``value``; the same one again where it is used alike."""
        key = (value, q)
        if key not in self._named:
            name = self._unused(value)
            self.constants[name] = array
            self.types[name] = TensorType(array.shape, DType.of(array), q)
            self._named[key] = name
        return self._named[key]

    def _unused(self, name: ValueName) -> ValueName:
        """Return a name for something made from value ``name``; its own the first time."""
        candidate, number = name, 2
        while candidate in self.types or (candidate != name and candidate in self.graph.types):
            candidate = ValueName(f"{name}.{number}")
            number += 1
        return candidate


def _largest_sums(weights: Array, axis: int | None) -> Array:
    """Return the largest sum of products with int8 activations per output channel, float64."""
    others = tuple(each for each in range(weights.ndim) if each != (axis or 0))
    return np.asarray(np.abs(weights.astype(np.float64)).sum(axis=others) * _STEPS)
