"""A float graph with annotations -> the integer graph with the scales that its file states."""

from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.conversion.fake_quantize import Annotation, FakeQuantize
from edgec.ops.conversion.quantize import Quantize, quantize_floats
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.numbers.cast import Cast
from edgec.ops.numbers.compare import Compare
from edgec.ops.operator import Activation, Operator, OutputRule, is_float
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean
from edgec.passes.rewrite import unused
from edgec.quantization.number_borders import NumberBorders
from edgec.quantization.prequantized.annotations import Annotated, in_width
from edgec.quantization.prequantized.source_grids import GridLayer, layer_on_grid, on_grid
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.parameters import activation_qparams, quantize_bias, weight_qparams
from edgec.quantization.weights.double_rounding import rounding_excess


def lower_annotated(annotated: Annotated) -> Graph:
    """Return the integer graph; every float activation must be annotated.

    Weights are the integers of the source file where they still are multiples of its scales (of 4
    bits: the same numbers in smaller steps), else the nearest ones; biases int32 (int64 for int16)
    in steps of input scale times weight scale, less what rounding twice adds. Where an operator
    cannot produce the stated quantization itself, a requantization follows; so it does where it
    knows int8 only and int16 is stated.
    """
    return _Lowering(annotated).run()


@dataclass(eq=False)
class _Lowering(NumberBorders):
    annotated: Annotated
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    constants: dict[ValueName, Array] = field(default_factory=dict)
    _brought: dict[tuple[ValueName, Annotation], ValueName] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.annotated.graph

    def run(self) -> Graph:
        for value in self.graph.inputs:
            self._declare(value)
        for node in self.graph.nodes:
            self._add(node)
        result = replace(
            self.graph, nodes=tuple(self.nodes), types=self.types, constants=self.constants
        )
        return result.with_nodes(result.nodes)

    def _array(self, value: ValueName) -> Array | None:
        return self.graph.constants.get(value)

    def _declare(self, value: ValueName, smallest: float = 0.0) -> None:
        kind = self.graph.types[value]
        self.types[value] = self._mark(value).of_shape(kind.shape) if is_float(kind) else kind

    def _add(self, node: Node) -> None:
        op, width = node.op, self.annotated.width(node)
        if isinstance(op, FakeQuantize):
            self._emit(replace(node, op=Quantize(dtype=op.annotation.dtype)), list(node.inputs))
        elif isinstance(op, Compare) and is_float(self.graph.types[node.inputs[0]]):
            self.add_comparison(node, op)
        elif isinstance(op, Cast):
            self.add_cast(node)
        elif isinstance(op, WeightedLayer):
            self._add_layer(node, op.scale_axis, width)
        elif isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT:
            self._add_tied(node, op, width)
        else:
            fixed = op.prescribed(width) if isinstance(op, Operator) else None
            inputs = self._operands(node, width)
            self._emit(node, inputs, Annotation(fixed, width) if fixed else None, width)

    def _operands(self, node: Node, width: DType) -> list[ValueName]:
        """Return the inputs of a node, ``width`` wide; what it takes as numbers stays float32."""
        real = node.op.real_inputs if isinstance(node.op, Operator) else frozenset()
        return [
            self._constant(value, self.graph.constants[value], None)
            if index in real
            else self._operand(value, width)
            for index, value in enumerate(node.inputs)
        ]

    def _add_tied(self, node: Node, op: Operator, width: DType) -> None:
        """Compute in the quantization of the one input where that holds all; in the output's else.

        Constants and borders may lie outside of what the input can be.
        """
        target = self.annotated.annotations.get(node.outputs[0])
        if target is None:
            self._emit(node, [self._operand(value, width) for value in node.inputs])
            return
        only = self._only_input(node, op)
        mean = _as_mean(op, self.graph.types[node.inputs[0]])
        if mean is not None and only != target:
            inputs = [self._operand(value, width) for value in node.inputs]
            self._emit(replace(node, op=mean), inputs, width=width)
            return
        common = in_width(only or target, width)
        self._emit(node, [self._brought_to(value, common) for value in node.inputs], common)

    def _only_input(self, node: Node, op: Operator) -> Annotation | None:
        """Return the integers of the one float operand of a node; None where there are more."""
        floats = [value for value in node.inputs if is_float(self.graph.types[value])]
        known = self.annotated.annotations.get(floats[0]) if len(floats) == 1 else None
        return known if known is not None and known.holds(op.own_values) else None

    def _mark(self, value: ValueName) -> Annotation:
        return self.annotated.annotations[value]

    def _emit(
        self,
        node: Node,
        inputs: list[ValueName],
        made: Annotation | None = None,
        width: DType | None = None,
    ) -> None:
        """Add a node that makes integers ``made``, and what turns these into the annotated ones.

        Without ``made`` it makes the annotated ones, or those like them that are ``width`` wide.
        """
        outputs = []
        for value in node.outputs:
            self._declare(value)
            outputs.append(self._made(value, made, width))
        self.nodes.append(replace(node, inputs=tuple(inputs), outputs=tuple(outputs)))
        for value, result in zip(node.outputs, outputs, strict=True):
            if value != result:
                self._requantize(result, value)

    def _made(self, value: ValueName, made: Annotation | None, width: DType | None) -> ValueName:
        """Return the value that a node makes in place of ``value``: itself where it fits."""
        if not is_float(self.graph.types[value]):
            return value
        wanted = self._mark(value)
        made = made or in_width(wanted, width or wanted.dtype)
        if made == wanted:
            return value
        result = self._fresh(f"{value}.raw")
        self.types[result] = made.of_shape(self.types[value].shape)
        return result

    def _requantize(self, source: ValueName, result: ValueName) -> None:
        name = unused(f"{result}/requantize", {node.name for node in self.nodes})
        op = Quantize(dtype=self.types[result].dtype)
        self.nodes.append(Node(name, op, (source,), (result,), (name,)))

    def _brought_to(self, value: ValueName, annotation: Annotation) -> ValueName:
        """Return an input of a node as integers of another kind."""
        if not is_float(self.graph.types[value]):
            return self._operand(value, annotation.dtype)
        key = (value, annotation)
        if key not in self._brought:
            self._brought[key] = self._in_quantization(value, annotation)
        return self._brought[key]

    def _in_quantization(self, value: ValueName, annotation: Annotation) -> ValueName:
        array = self.graph.constants.get(value)
        if array is not None:
            integers = quantize_floats(array, annotation.of_shape(array.shape))
            return self._constant(value, integers, annotation.qparams)
        if self._mark(value) == annotation:
            return value
        result = self._fresh(f"{value}.requantized")
        self.types[result] = annotation.of_shape(self.types[value].shape)
        self._requantize(value, result)
        return result

    def _operand(self, value: ValueName, width: DType) -> ValueName:
        """Return an input, ``width`` wide.

        A constant comes in the file's quantization, or in that of its own range.
        """
        array = self.graph.constants.get(value)
        if not is_float(self.graph.types[value]):
            return value if array is None else self._constant(value, array, None)
        if array is None:
            return self._brought_to(value, in_width(self._mark(value), width))
        own = activation_qparams(Range.of(array), 0.0, width)
        q = on_grid(array, self.graph.grids, width) or own
        return self._brought_to(value, Annotation(q, width))

    def _add_layer(self, node: Node, axis: int | None, width: DType) -> None:
        x, w = self._operand(node.inputs[0], width), node.inputs[1]
        scale = self.types[x].quantization.scale
        layer = layer_on_grid(node, self.graph, axis, scale)
        products = layer.scales * np.float32(scale)
        made = in_width(self._mark(node.outputs[0]), width)
        steps = self._bias(layer, products, made)
        inputs = [x, self._constant(w, layer.weights, weight_qparams(layer.scales, layer.axis))]
        q = weight_qparams(products, None if layer.axis is None else 0)
        name = node.inputs[2] if len(node.inputs) > 2 else f"{node.name}.bias"  # noqa: PLR2004
        self._emit(node, [*inputs, self._constant(ValueName(name), steps, q)], made)

    def _bias(self, layer: GridLayer, products: Array, output: Annotation) -> Array:
        """Return the bias in steps of ``products``, less what rounding twice adds."""
        bias = np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias
        steps = quantize_bias(bias, products, output.dtype)
        if output.dtype is DType.INT16:
            return steps
        return np.asarray(steps - rounding_excess(products, output.qparams))

    def _constant(self, value: ValueName, array: Array, q: QParams | None) -> ValueName:
        name = self._fresh(value)
        self.constants[name] = array
        self.types[name] = TensorType(array.shape, DType.of(array), q)
        return name

    def _unused(self, name: ValueName) -> ValueName:
        return self._fresh(name)

    def _quantize(
        self, value: ValueName, width: DType, target: QParams, result: ValueName, node: str
    ) -> ValueName:
        self.types[result] = TensorType(self.types[value].shape, width, target)
        self._requantize(value, result)
        return result

    def _fresh(self, name: str) -> ValueName:
        """Return an unused name; that of a constant itself the first time."""
        taken = {value for value in self.graph.types if value not in self.graph.constants}
        return ValueName(unused(name, taken | self.types.keys()))


def _as_mean(op: Operator, x: TensorType) -> Mean | None:
    """Return a pool over a whole image as a mean, which may change the scale as it rounds."""
    if not isinstance(op, AveragePool2D) or op.activation is not Activation.NONE:
        return None
    whole = op.window.kernel == x.shape[1:3] and not any(op.window.pads)
    return Mean(axes=(1, 2), keep_dims=True) if whole else None
