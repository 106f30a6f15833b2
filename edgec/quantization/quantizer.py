"""The quantizer: float graph + ranges -> int8 graph, as the TFLite quantization spec has it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.own_range import OwnRange
from edgec.ops.conversion.quantize import Quantize, quantize_floats
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.cast import Cast
from edgec.ops.numbers.compare import Compare
from edgec.ops.operator import Operator, OutputRule, Product, is_float
from edgec.quantization.number_borders import NumberBorders
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import (
    QuantizedLayer,
    activation_qparams,
    fixed_qparams,
    nearest_layer,
    power_of_two_qparams,
    quantize_bias,
    steps_of,
    weight_qparams,
    widened_qparams,
)
from edgec.quantization.ranges.shared_ranges import Ties
from edgec.quantization.widths.dtype_plan import DTypePlan

# Limits of the arithmetic, each with a factor of two or more to spare.
_SMALLEST_STATE = 2.0**-25  # scale of a layer's state: its products have 30 bits
_SMALLEST_RATIO = 2.0**-16  # of an output's scale to its inputs'; TFLite's ADD needs 2**-19
_ACCUMULATOR = 2.0**30  # what accumulators times their multiplier stay below
_WIDE_ACCUMULATOR = 2.0**45  # the same for int16 activations: sums have 64 bits
_WIDE_FACTOR = 2.0**6  # from sums of int16 layers to outputs; TFLite takes less than 2**7


def quantize(
    graph: Graph,
    ranges: Mapping[ValueName, Range],
    layers: Mapping[str, QuantizedLayer] | None = None,
    activations: DType = DType.INT8,
    int8_values: Collection[ValueName] = (),
    int8_ranges: Mapping[ValueName, Range] | None = None,
) -> Graph:
    """Return the integer graph with inputs and outputs integers too; names and layouts stay.

    ``ranges`` has every float value that is no constant (:func:`calibrate`). Weights become
    symmetric int8 per the layer's ``scale_axis``, biases int32 with scale = input scale times
    weight scale, activations asymmetric int8 with an exact 0; with ``activations`` INT16 these are
    symmetric and biases int64, but for operators that know int8 only and the ``int8_values``: a
    QUANTIZE stands at each border. What is int8 there has its range from ``int8_ranges``, where
    given. ``layers`` holds weights that are chosen already, by node name; the others are rounded to
    the nearest.
    """
    ties = Ties(graph)
    plan = DTypePlan(graph, ties, activations, int8_values)
    groups = {activations: ties.ranges(ranges)}
    if activations is not DType.INT8:
        groups[DType.INT8] = ties.ranges(int8_ranges or ranges)
    return _Quantizer(graph, groups, layers or {}, ties, plan).run()


@dataclass(eq=False)
class Grids:
    """The types that :func:`quantize` gives to a graph's int8 activations, without the rest.

    For searches, which ask for many ranges: what follows from the graph alone is found once, and
    only the first node of a group is looked at, which decides for all.
    """

    graph: Graph
    _ties: Ties = field(init=False)
    _plan: DTypePlan = field(init=False)
    _followers: frozenset[str] = field(init=False)  # nodes all of whose outputs are decided before
    _smallest: dict[tuple[str, float], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ties = Ties(self.graph)
        self._plan = DTypePlan(self.graph, self._ties)
        root = self._ties.root
        decided = {root(value) for value in self.graph.inputs}
        followers = set()
        for node in self.graph.nodes:
            made = {root(value) for value in node.outputs}
            if made <= decided:
                followers.add(node.name)
            decided |= made
        self._followers = frozenset(followers)

    def types(self, ranges: Mapping[ValueName, Range]) -> dict[ValueName, TensorType]:
        """Return the type of every value of the graph that is no constant, and of some more."""
        groups = {DType.INT8: self._ties.ranges(ranges)}
        work = _Quantizer(self.graph, groups, {}, self._ties, self._plan)
        return work.declared(self._followers, self._smallest)


@dataclass(frozen=True, slots=True)
class _Integers:
    """A layer's integers; ``products`` are the scales of its sums and of its ``bias``.

    ``smallest`` is the smallest scale of the output that its arithmetic can bear.
    """

    layer: QuantizedLayer
    products: Array
    bias: Array | None
    smallest: float


@dataclass(eq=False)
class _Quantizer(NumberBorders):
    graph: Graph
    groups: Mapping[DType, Mapping[ValueName, Range]]  # by width, then by root
    layers: Mapping[str, QuantizedLayer]
    ties: Ties
    plan: DTypePlan
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    constants: dict[ValueName, Array] = field(default_factory=dict)
    _chosen: dict[ValueName, QParams] = field(default_factory=dict)
    _named: dict[tuple[ValueName, QParams | None, DType], ValueName] = field(default_factory=dict)
    _converted: dict[tuple[ValueName, DType], ValueName] = field(default_factory=dict)

    def run(self) -> Graph:
        for value in self.graph.inputs:
            self._declare(value)
        for node in self.graph.nodes:
            self._add(node)
        result = replace(
            self.graph, nodes=tuple(self.nodes), types=self.types, constants=self.constants
        )
        return result.with_nodes(result.nodes)

    def declared(
        self, followers: Collection[str], smallest: dict[tuple[str, float], float]
    ) -> dict[ValueName, TensorType]:
        """Return the types of activations; of ``followers`` nothing but these is looked at.

        ``smallest`` keeps the scales that layers can bear, by node and input scale, for next time.
        """
        for value in self.graph.inputs:
            self._declare(value)
        for node in self.graph.nodes:
            if node.name in followers:
                for value in node.outputs:
                    self._declare(value)
            elif isinstance(node.op, WeightedLayer):
                key = (node.name, self._input_scale(node))
                if key not in smallest:
                    smallest[key] = self._integers(node, node.op.scale_axis).smallest
                self._declare(node.outputs[0], smallest[key])
            else:
                self._add(node)
        return self.types

    def _add(self, node: Node) -> None:
        op = node.op
        if isinstance(op, WeightedLayer):
            self._add_layer(node, op.scale_axis)
            return
        if isinstance(op, OwnRange | Dequantize):
            self._add_requantized(node)
            return
        if isinstance(op, Compare) and is_float(self.graph.types[node.inputs[0]]):
            self.add_comparison(node, op)
            return
        if isinstance(op, Cast):
            self.add_cast(node)
            return
        if isinstance(op, Operator) and op.products:
            self._add_recurrent(node, op)
            return
        if isinstance(op, Operator) and op.output_rule is OutputRule.CALIBRATED:
            inputs = tuple(
                self._operand(node, value, real=index in op.real_inputs)
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

    def _array(self, value: ValueName) -> Array | None:
        return self.graph.constants.get(value)

    def _declare(self, value: ValueName, smallest: float = 0.0) -> None:
        """Give an activation its type; the first value of a group decides for all."""
        kind = self.graph.types[value]
        if not is_float(kind):
            self.types[value] = kind
            return
        root, width = self.ties.root(value), self.plan.of(value)
        if root not in self._chosen:
            self._chosen[root] = self._parameters(root, width, smallest)
        self.types[value] = TensorType(kind.shape, width, self._chosen[root])

    def _parameters(self, root: ValueName, width: DType, smallest: float = 0.0) -> QParams:
        """Return the parameters that suit a group of values: prescribed, or by their range."""
        if self.ties.is_power_of_two(root) and width is DType.INT16:
            return power_of_two_qparams(next(iter(self.groups.values()))[root])
        fixed = self.ties.fixed(root)
        if fixed is not None and width is DType.INT16 and self.ties.is_in_bytes(root):
            return widened_qparams(fixed)
        fixed = fixed_qparams(fixed, width)
        return fixed or activation_qparams(self.groups[width][root], smallest, width)

    def _operand(self, node: Node, value: ValueName, *, real: bool = False) -> ValueName:
        """Return an input in the type the node computes in.

        A constant gets parameters by its own range, or stays float where ``real``.
        """
        array, width = self.graph.constants.get(value), self.plan.of_node(node)
        if array is None:
            return self._as_wide(value, width)
        if real or not is_float(self.graph.types[value]):
            return self._constant(value, array, None)
        return self._quantized_constant(
            value, width, activation_qparams(Range.of(array), 0.0, width)
        )

    def _as_wide(self, value: ValueName, width: DType) -> ValueName:
        """Return an activation in another type where it is not of this one: converted once."""
        kind = self.types[value]
        if kind.qparams is None or kind.dtype is width:
            return value
        if (value, width) not in self._converted:
            q = self._converted_parameters(value, width)
            name = self._unused(ValueName(f"{value}.{width.value}"))
            node = f"{value}/{width.value}"
            self._converted[value, width] = self._quantize(value, width, q, name, node)
        return self._converted[value, width]

    def _converted_parameters(self, value: ValueName, width: DType) -> QParams:
        """Return the parameters of an activation in another type; int16 loses nothing of int8."""
        if width is DType.INT16:
            return widened_qparams(self.types[value].quantization)
        return self._parameters(self.ties.root(value), width)

    def _tied(self, node: Node, index: int) -> ValueName:
        """Return an input in the quantization of the output, where the operator shares it."""
        value, target = node.inputs[index], self.types[node.outputs[0]].qparams
        shares = isinstance(node.op, Operator) and node.op.output_rule is OutputRule.SAME_AS_INPUT
        if not shares or target is None or not is_float(self.graph.types[value]):
            return self._operand(node, value)
        width = self.plan.of_node(node)
        if value in self.graph.constants:
            return self._quantized_constant(value, width, target)
        differs = (self.types[value].dtype, self.types[value].qparams) != (width, target)
        if (node.name, index) in self.ties.requantized and differs:
            name = self._unused(ValueName(f"{value}.requantized"))
            return self._quantize(value, width, target, name, f"{node.name}/requantize_{index}")
        return value

    def _quantize(
        self, value: ValueName, width: DType, target: QParams, result: ValueName, node: str
    ) -> ValueName:
        """Add a node, named ``node`` or like it, that converts an activation."""
        taken = {each.name for each in (*self.nodes, *self.graph.nodes)}
        while node in taken:
            node += "'"
        self.types[result] = TensorType(self.types[value].shape, width, target)
        self.nodes.append(Node(node, Quantize(dtype=width), (value,), (result,), (node,)))
        return result

    def _add_requantized(self, node: Node) -> None:
        """Add a marked conversion, or one of integers in the file; a view where types are equal."""
        (x,), (y,) = node.inputs, node.outputs
        self._declare(y)
        kind = self.types[y]
        op = Reshape(shape=kind.shape) if kind == self.types[x] else Quantize(dtype=kind.dtype)
        self.nodes.append(replace(node, op=op))

    def _add_layer(self, node: Node, axis: int | None) -> None:
        x, w = self._as_wide(node.inputs[0], self.plan.of_node(node)), node.inputs[1]
        made = self._integers(node, axis)
        layer = made.layer
        inputs = [x, self._constant(w, layer.weights, weight_qparams(layer.scales, axis))]
        if made.bias is not None:
            q = weight_qparams(made.products, None if axis is None else 0)
            name = node.inputs[2] if len(node.inputs) > 2 else ValueName(f"{node.name}.bias")  # noqa: PLR2004
            inputs.append(self._constant(name, made.bias, q))
        self._declare(node.outputs[0], made.smallest)
        self.nodes.append(replace(node, inputs=tuple(inputs)))

    def _input_scale(self, node: Node) -> float:
        """Return the scale of a layer's input in the type that the layer computes in."""
        x = self._as_wide(node.inputs[0], self.plan.of_node(node))
        return self.types[x].quantization.scale

    def _integers(self, node: Node, axis: int | None) -> "_Integers":
        """Return what a layer becomes behind its input, which has its type already."""
        width, input_scale = self.plan.of_node(node), self._input_scale(node)
        layer = self.layers.get(node.name) or self._nearest(node, axis, input_scale)
        products = layer.scales * np.float32(input_scale)
        largest = _largest_sums(layer.weights, axis) * steps_of(width)
        bias, steps = layer.bias, None
        if bias is None and width is DType.INT16:  # without one, TFLite adds up in 32 bits
            bias = np.zeros(self.graph.types[node.outputs[0]].shape[-1], np.float32)
        if bias is not None:
            steps = quantize_bias(bias, products, width)
            largest = largest + np.abs(steps.astype(np.float64))
        return _Integers(layer, products, steps, _smallest_scale(products, largest, width))

    def _add_recurrent(self, node: Node, op: Operator) -> None:
        """Add a layer with states: int8 weights in one scale each, int32 biases."""
        for value in node.outputs:
            self._declare(value, _SMALLEST_STATE)
        inputs = list(node.inputs)
        states = {index: tied for tied in op.tied_states for index in tied.inputs}
        for index in sorted({*states, *(each.operand for each in op.products)}):
            if index in states:
                kind = self.types[node.outputs[states[index].outputs[0]]]
                inputs[index] = self._state(node.inputs[index], kind)
            else:
                inputs[index] = self._operand(node, node.inputs[index])
        for each in op.products:
            self._add_product(each, inputs)
        form = op.integer_form()
        made = len(form.infer([self.types[value] for value in inputs]))
        outputs = node.outputs[:made]
        self.nodes.append(replace(node, op=form, inputs=tuple(inputs), outputs=outputs))

    def _state(self, value: ValueName, kind: TensorType) -> ValueName:
        """Return a state that a layer begins with, in the type that the layer makes it."""
        if value in self.graph.constants:
            return self._quantized_constant(value, kind.dtype, kind.quantization)
        known = self.types[value]
        if (known.dtype, known.qparams) == (kind.dtype, kind.qparams):
            return value
        name = self._unused(ValueName(f"{value}.state"))
        return self._quantize(value, kind.dtype, kind.quantization, name, f"{value}/state")

    def _add_product(self, product: Product, inputs: list[ValueName]) -> None:
        """Replace the weight and the bias of a product among the inputs of its node."""
        scale = self.types[inputs[product.operand]].quantization.scale
        weight, constants = inputs[product.weight], self.graph.constants
        bias = None if product.bias is None else constants[inputs[product.bias]]
        layer = nearest_layer(constants[weight], bias, None, scale)
        inputs[product.weight] = self._constant(
            weight, layer.weights, weight_qparams(layer.scales, None)
        )
        if bias is not None and product.bias is not None:
            sums = layer.scales * np.float32(scale)
            steps = quantize_bias(bias, sums)
            q = weight_qparams(sums, None)
            inputs[product.bias] = self._constant(inputs[product.bias], steps, q)

    def _nearest(self, node: Node, axis: int | None, input_scale: float) -> QuantizedLayer:
        weights, *bias = (self.graph.constants[value] for value in node.inputs[1:])
        return nearest_layer(weights, bias[0] if bias else None, axis, input_scale)

    def _quantized_constant(self, value: ValueName, width: DType, q: QParams) -> ValueName:
        array = self.graph.constants[value]
        kind = TensorType(array.shape, width, q)
        return self._constant(value, quantize_floats(array, kind), q)

    def _constant(self, value: ValueName, array: Array, q: QParams | None) -> ValueName:
        """Add a constant made from ``value``; the same one again where it is used alike."""
        key = (value, q, DType.of(array))
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


def _smallest_scale(products: Array, largest: Array, width: DType) -> float:
    """Return the smallest scale of a layer's output that its arithmetic can bear.

    ``products`` are the scales of the sums per channel or in all, ``largest`` the largest sums.
    """
    if width is DType.INT8:
        return float((products * largest).max()) / _ACCUMULATOR
    by_sum = float((products * largest).max()) / _WIDE_ACCUMULATOR
    return max(by_sum, float(products.max()) / _WIDE_FACTOR)


def _largest_sums(weights: Array, axis: int | None) -> Array:
    """Return the sum of magnitudes per output channel, float64."""
    others = tuple(each for each in range(weights.ndim) if each != (axis or 0))
    return np.asarray(np.abs(weights.astype(np.float64)).sum(axis=others))
