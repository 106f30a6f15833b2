"""QDQ graphs in floats: every integer tensor becomes the numbers it stands for, marked as such.

Passes then see an ordinary float graph, with a FakeQuantize wherever the file quantizes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Door, DType, Graph, Node, Op, QParams, TensorType, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.fake_quantize import FakeQuantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation, Operator, OutputRule

_WIDEST = 2  # bytes of an element with a grid
_STORED = {DType.INT8, DType.UINT8, DType.INT16, DType.UINT16}  # what floats are quantized to


def in_floats(graph: Graph, place: Place) -> Graph:
    """Return the float graph of a QDQ graph; any other graph stays.

    Between QuantizeLinear and DequantizeLinear data may be moved and clamped; arithmetic on the
    integers there raises ``unsupported-quantization``. So does an integer input that nothing
    dequantizes, as ``unsupported-dtype``.
    """
    if not any(isinstance(node.op, (Quantize, Dequantize)) for node in graph.nodes):
        _check_inputs(graph, place)
        return graph
    return _InFloats(graph, place).run()


@dataclass(eq=False)
class _InFloats:
    graph: Graph
    place: Place
    stated: dict[ValueName, QParams] = field(default_factory=dict)  # of integer values
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    names: dict[ValueName, ValueName] = field(default_factory=dict)

    def run(self) -> Graph:
        _check_inputs(self.graph, self.place)
        self.types = dict(self.graph.types)
        for value in self.graph.inputs:
            self._input(value)
        for node in self.graph.nodes:
            self._add(node)
        doors = {**self.graph.doors, **dict(self._doors())}
        marked = replace(self.graph, nodes=(), types=self.types, halves_to_even=True, doors=doors)
        return marked.with_nodes(self.nodes)

    def _input(self, value: ValueName) -> None:
        kind = self.graph.types[value]
        if kind.qparams is None:
            return
        marked = self._unused(f"{value}.quantized")
        self._mark(f"{value}/quantize", value, marked, kind)
        self.types[value] = self.types[marked] = TensorType(kind.shape)
        self.names[value] = marked
        self.stated[value] = kind.quantization

    def _doors(self) -> Iterator[tuple[ValueName, Door]]:
        """Yield the inputs and outputs that are integers of 8 bits in the file."""
        for value in (*self.graph.inputs, *self.graph.outputs):
            kind = self.graph.types[value]
            q = kind.qparams or self.stated.get(value)
            if q is not None and kind.dtype in {DType.UINT8, DType.INT8}:
                yield value, Door(kind.dtype, q)

    def _add(self, node: Node) -> None:
        op, (result, *_) = node.op, node.outputs
        kind = self.graph.types[result]
        if isinstance(op, Quantize) and node.inputs[0] not in self.stated:
            self._mark(node.name, self._source(node.inputs[0]), result, kind)
            self._keep(node, kind.quantization)
        elif not self.stated.keys() & set(node.inputs):
            self.nodes.append(node)
        elif isinstance(op, Dequantize):
            self._check_scale(node)
            self._append(replace(node, op=Reshape(shape=kind.shape)))
        else:
            self._append(replace(node, op=self._moved(node)))
            self._keep(node, self.stated[node.inputs[0]])

    def _mark(self, name: str, source: ValueName, result: ValueName, kind: TensorType) -> None:
        q = kind.quantization
        op = FakeQuantize(scale=q.scale, zero_point=q.zero_point, dtype=kind.dtype)
        if not op.is_exact and not self._is_within(source, op):
            source = self._clamped(name, source, op, kind)
        self.nodes.append(Node(name, op, (source,), (result,), (name,)))

    def _clamped(
        self, name: str, source: ValueName, op: FakeQuantize, kind: TensorType
    ) -> ValueName:
        """Add the clamp that rounding implies: a mark of another range does not.

        Quantizers leave a ReLU to the range of its output.
        """
        low, high = op.limits
        clamp = Clip(low=low, high=high) if low else Relu(activation=Activation.RELU)
        value = self._unused(f"{name}/clamped")
        self.types[value] = TensorType(kind.shape)
        self.nodes.append(Node(f"{name}/clamp", clamp, (source,), (value,), (name,)))
        return value

    def _is_within(self, value: ValueName, op: FakeQuantize) -> bool:
        """Tell whether a value is an input of the model, or clamped already; moved at most."""
        makers = {result: node for node in self.nodes for result in node.outputs}
        while value in makers and _moves(makers[value].op):
            value = makers[value].inputs[0]
        before = makers[value].op if value in makers else None
        clamped = isinstance(before, FakeQuantize) and before.limits == op.limits
        return clamped or value in self.graph.inputs

    def _unused(self, name: str) -> ValueName:
        while name in self.types:
            name += ".2"
        return ValueName(name)

    def _keep(self, node: Node, q: QParams) -> None:
        for value in node.outputs:
            self.stated[value] = q
            self.types[value] = TensorType(self.graph.types[value].shape)

    def _append(self, node: Node) -> None:
        inputs = tuple(self._source(value) for value in node.inputs)
        self.nodes.append(replace(node, inputs=inputs))

    def _source(self, value: ValueName) -> ValueName:
        return self.names.get(value, value)

    def _check_scale(self, node: Node) -> None:
        written, read = self.stated[node.inputs[0]], self.graph.types[node.inputs[0]].qparams
        if read not in {None, written}:
            raise self._reject(node, f"it reads {{{read}}} where {{{written}}} was written")

    def _moved(self, node: Node) -> Operator:
        """Return the operator that does to the numbers what this one does to the integers."""
        op, kinds = node.op, [self.stated.get(value) for value in node.inputs]
        if isinstance(op, Clip):
            return _clip_of_numbers(op, self.stated[node.inputs[0]])
        if isinstance(op, Pad):
            return replace(op, value=_number(op.value, self.stated[node.inputs[0]]))
        data = [q for q, value in zip(kinds, node.inputs, strict=True) if self._is_data(value)]
        if not isinstance(op, Operator) or not _moves(op) or len(set(data)) > 1:
            raise self._reject(node, f"{op.name} on integers")
        return op

    def _is_data(self, value: ValueName) -> bool:
        return self.graph.types[value].dtype in _STORED

    def _reject(self, node: Node, message: str) -> EdgecError:
        return EdgecError(
            "unsupported-quantization",
            f"{message}, between QuantizeLinear and DequantizeLinear",
            place=Place(self.place.file, f"node {node.name!r}"),
            help="quantize statically in the QDQ format, or give the float model and --calib",
        )


def _moves(op: Op) -> bool:
    """Tell whether an operator makes integers of its input's quantization."""
    tied = isinstance(op, Operator) and op.output_rule is OutputRule.SAME_AS_INPUT
    return tied or (isinstance(op, Operator) and op.is_view)


def _clip_of_numbers(op: Clip, q: QParams) -> Clip:
    low, high = (_number(bound, q) for bound in (op.low, op.high))
    return Clip(low=low, high=high)


def _number(bound: float, q: QParams) -> float:
    return bound if np.isinf(bound) else q.scale * (bound - q.zero_point)


def _check_inputs(graph: Graph, place: Place) -> None:
    for value in graph.inputs:
        kind = graph.types[value]
        if kind.dtype in _STORED and kind.qparams is None:
            raise EdgecError(
                "unsupported-dtype",
                f"input {value!r} is {kind.dtype.value}, and nothing says what its integers mean",
                place=Place(place.file, f"input {value!r}"),
                help="put a DequantizeLinear behind the input, or export the model in float32",
            )


def grid_of(arrays: Sequence[object]) -> QParams | None:
    """Return the scales that the inputs of a DequantizeLinear of a constant state.

    Zero points are those of int8, 0 for 16 bits. None where there is no such grid: biases in
    int32, blocks.
    """
    x, scale, *zero = (None if each is None else np.asarray(each) for each in arrays)
    if x is None or scale is None or x.dtype.itemsize > _WIDEST or scale.ndim > 1:
        return None
    shift = 128 if x.dtype == np.uint8 else 0
    stated = zero[0].reshape(-1) if zero and zero[0] is not None else np.zeros(scale.size)
    given = stated if x.dtype.itemsize == 1 else np.zeros(stated.size)
    scales = tuple(float(each) for each in scale.reshape(-1).astype(np.float32))
    zeros = tuple(int(each) - shift for each in given)
    usable = len(zeros) == len(scales) and all(0 < each < np.inf for each in scales)
    return QParams(scales, zeros, None if len(scales) == 1 else 0) if usable else None
