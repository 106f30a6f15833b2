"""The quantizer: float graph + ranges -> int8 graph, as the TFLite quantization spec has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.base import Operator, OutputRule, is_float
from edgec.ops.quantize import Quantize, quantize_floats
from edgec.quantization.observers import Range
from edgec.quantization.parameters import (
    QuantizedLayer,
    activation_qparams,
    fixed_qparams,
    nearest_layer,
    quantize_bias,
    steps_of,
    weight_qparams,
)
from edgec.quantization.ties import Ties

_SMALLEST_RATIO = 2.0**-16  # of an output's scale to its inputs'; TFLite's ADD needs 2**-19
_ACCUMULATOR = 2.0**30  # what accumulators times their multiplier stay below
_WIDE_ACCUMULATOR = 2.0**45  # the same for int16 activations: sums have 64 bits


def quantize(
    graph: Graph,
    ranges: Mapping[ValueName, Range],
    layers: Mapping[str, QuantizedLayer] | None = None,
    activations: DType = DType.INT8,
) -> Graph:
    """Return the integer graph with inputs and outputs integers too; names and layouts stay.

    ``ranges`` has every float value that is no constant (:func:`calibrate`). Weights become
    symmetric int8 per the operator's ``weight_rule``, biases int32 with scale = input scale times
    weight scale, activations asymmetric int8 with an exact 0; with ``activations`` INT16 these are
    symmetric and biases int64. ``layers`` holds weights that are chosen already, by node name; the
    others are rounded to the nearest.
    """
    return _Quantizer(graph, ranges, layers or {}, activations).run()


@dataclass(eq=False)
class _Quantizer:
    graph: Graph
    ranges: Mapping[ValueName, Range]
    layers: Mapping[str, QuantizedLayer]
    activations: DType
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
            fixed = fixed_qparams(self._ties.fixed(value), self.activations)
            self._chosen[root] = fixed or activation_qparams(
                self._groups[root], smallest, self.activations
            )
        self.types[value] = TensorType(kind.shape, self.activations, self._chosen[root])

    def _operand(self, value: ValueName, *, real: bool = False) -> ValueName:
        """Return an input as it is; a constant by its own range, or as floats where ``real``."""
        array = self.graph.constants.get(value)
        if array is None:
            return value
        if real or not is_float(self.graph.types[value]):
            return self._constant(value, array, None)
        return self._quantized_constant(
            value, activation_qparams(Range.of(array), 0.0, self.activations)
        )

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
        x, w = node.inputs[:2]
        input_scale = self.types[x].quantization.scale
        layer = self.layers.get(node.name) or self._nearest(node, axis, input_scale)
        inputs = [x, self._constant(w, layer.weights, weight_qparams(layer.scales, axis))]
        products = layer.scales * np.float32(input_scale)
        largest = _largest_sums(layer.weights, axis) * steps_of(self.activations)
        if layer.bias is not None:
            steps = quantize_bias(layer.bias, products, self.activations)
            largest = largest + np.abs(steps.astype(np.float64))
            q = weight_qparams(products, None if axis is None else 0)
            name = node.inputs[2] if len(node.inputs) > 2 else ValueName(f"{node.name}.bias")  # noqa: PLR2004
            inputs.append(self._constant(name, steps, q))
        limit = _ACCUMULATOR if self.activations is DType.INT8 else _WIDE_ACCUMULATOR
        self._declare(node.outputs[0], float((products * largest).max()) / limit)
        self.nodes.append(replace(node, inputs=tuple(inputs)))

    def _nearest(self, node: Node, axis: int | None, input_scale: float) -> QuantizedLayer:
        weights, *bias = (self.graph.constants[value] for value in node.inputs[1:])
        return nearest_layer(weights, bias[0] if bias else None, axis, input_scale)

    def _quantized_constant(self, value: ValueName, q: QParams) -> ValueName:
        array = self.graph.constants[value]
        kind = TensorType(array.shape, self.activations, q)
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
    """Return the sum of magnitudes per output channel, float64."""
    others = tuple(each for each in range(weights.ndim) if each != (axis or 0))
    return np.asarray(np.abs(weights.astype(np.float64)).sum(axis=others))
