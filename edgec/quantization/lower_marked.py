"""A float graph with marks -> the integer graph with the scales that its source file states."""

from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, DType, Graph, Node, QParams, TensorType, ValueName
from edgec.ops.average_pool2d import AveragePool2D
from edgec.ops.base import Activation, Operator, OutputRule, is_float
from edgec.ops.fake_quantize import FakeQuantize
from edgec.ops.mean import Mean
from edgec.ops.quantize import Quantize, quantize_floats
from edgec.passes.rewrite import unused
from edgec.quantization.double_rounding import rounding_excess
from edgec.quantization.grids import GridLayer, layer_on_grid, on_grid
from edgec.quantization.marks import Marked
from edgec.quantization.observers import Range
from edgec.quantization.parameters import activation_qparams, quantize_bias, weight_qparams


def lower_marked(marked: Marked) -> Graph:
    """Return the int8 graph; every float activation must be marked.

    Weights become the integers of the source file where they still are multiples of its scales,
    else the nearest ones; biases int32 in steps of input scale times weight scale, less what
    rounding twice adds. Where an operator cannot produce the stated quantization itself, a
    requantization follows. Raises ``unsupported-quantization`` for weights that int8 without a zero
    point cannot hold.
    """
    return _Lowering(marked).run()


@dataclass(eq=False)
class _Lowering:
    marked: Marked
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    constants: dict[ValueName, Array] = field(default_factory=dict)
    _brought: dict[tuple[ValueName, QParams], ValueName] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        return self.marked.graph

    def run(self) -> Graph:
        for value in self.graph.inputs:
            self._declare(value)
        for node in self.graph.nodes:
            self._add(node)
        result = replace(
            self.graph, nodes=tuple(self.nodes), types=self.types, constants=self.constants
        )
        return result.with_nodes(result.nodes)

    def _declare(self, value: ValueName) -> None:
        kind = self.graph.types[value]
        if is_float(kind):
            kind = TensorType(kind.shape, DType.INT8, self.marked.marks[value])
        self.types[value] = kind

    def _add(self, node: Node) -> None:
        op = node.op
        if isinstance(op, FakeQuantize):
            self._emit(replace(node, op=Quantize()), node.inputs)
        elif isinstance(op, Operator) and op.weight_rule is not None:
            self._add_layer(node, op.weight_rule.axis)
        elif isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT:
            self._add_tied(node, op)
        elif isinstance(op, Operator) and op.fixed_output is not None:
            self._emit_in(node, self._operands(node), QParams.per_tensor(*op.fixed_output))
        else:
            self._emit(node, self._operands(node))

    def _add_tied(self, node: Node, op: Operator) -> None:
        """Compute in the quantization of the one input, or in the output's where there are more."""
        target = self.marked.marks.get(node.outputs[0])
        data = [value for value in node.inputs if value in self.marked.marks]
        if target is None or not data:
            self._emit(node, self._operands(node))
            return
        mean = _as_mean(op, self.graph.types[node.inputs[0]])
        if mean is not None and self._mark(data[0]) != target:
            self._emit(replace(node, op=mean), node.inputs)
            return
        common = self._mark(data[0]) if len(data) == 1 else target
        self._emit_in(node, [self._brought_to(value, common) for value in node.inputs], common)

    def _mark(self, value: ValueName) -> QParams:
        return self.marked.marks[value]

    def _emit(self, node: Node, inputs: "tuple[ValueName, ...] | list[ValueName]") -> None:
        for value in node.outputs:
            self._declare(value)
        self.nodes.append(replace(node, inputs=tuple(inputs)))

    def _emit_in(self, node: Node, inputs: list[ValueName], q: QParams) -> None:
        """Add a node that makes quantization ``q``, and what turns that into the marked one."""
        outputs = []
        for value in node.outputs:
            self._declare(value)
            result = value if self._mark(value) == q else self._fresh(f"{value}.raw")
            self.types[result] = self.types[value].with_qparams(q)
            outputs.append(result)
        self.nodes.append(replace(node, inputs=tuple(inputs), outputs=tuple(outputs)))
        for value, result in zip(node.outputs, outputs, strict=True):
            if value != result:
                self._requantize(result, value)

    def _requantize(self, source: ValueName, result: ValueName) -> None:
        name = unused(f"{result}/requantize", {node.name for node in self.nodes})
        self.nodes.append(Node(name, Quantize(), (source,), (result,), (name,)))

    def _brought_to(self, value: ValueName, q: QParams) -> ValueName:
        """Return an input of a node in quantization ``q``."""
        if not is_float(self.graph.types[value]):
            return self._operand(value)
        key = (value, q)
        if key not in self._brought:
            self._brought[key] = self._in_quantization(value, q)
        return self._brought[key]

    def _in_quantization(self, value: ValueName, q: QParams) -> ValueName:
        array = self.graph.constants.get(value)
        if array is not None:
            kind = TensorType(array.shape, DType.INT8, q)
            return self._constant(value, quantize_floats(array, kind), q)
        if self._mark(value) == q:
            return value
        result = self._fresh(f"{value}.requantized")
        self.types[result] = self.types[value].with_qparams(q)
        self._requantize(value, result)
        return result

    def _operands(self, node: Node) -> list[ValueName]:
        return [self._operand(value) for value in node.inputs]

    def _operand(self, value: ValueName) -> ValueName:
        """Return an input as it is; a constant in the file's quantization, or in its own range."""
        array = self.graph.constants.get(value)
        if array is None:
            return value
        if not is_float(self.graph.types[value]):
            return self._constant(value, array, None)
        q = on_grid(array, self.graph.grids) or activation_qparams(Range.of(array))
        return self._brought_to(value, q)

    def _add_layer(self, node: Node, axis: int | None) -> None:
        x, w = node.inputs[:2]
        scale = self._mark(x).scale
        layer = layer_on_grid(node, self.graph, axis, scale)
        products = layer.scales * np.float32(scale)
        steps = self._bias(layer, products, self._mark(node.outputs[0]))
        inputs = [x, self._constant(w, layer.weights, weight_qparams(layer.scales, layer.axis))]
        q = weight_qparams(products, None if layer.axis is None else 0)
        name = node.inputs[2] if len(node.inputs) > 2 else f"{node.name}.bias"  # noqa: PLR2004
        self._emit(node, [*inputs, self._constant(ValueName(name), steps, q)])

    def _bias(self, layer: GridLayer, products: Array, output: QParams) -> Array:
        """Return the bias in steps of ``products``, less what rounding twice adds."""
        bias = np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias
        return np.asarray(quantize_bias(bias, products) - rounding_excess(products, output))

    def _constant(self, value: ValueName, array: Array, q: QParams | None) -> ValueName:
        name = self._fresh(value)
        self.constants[name] = array
        self.types[name] = TensorType(array.shape, DType.of(array), q)
        return name

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
