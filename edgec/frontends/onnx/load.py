"""ONNX -> Graph: protobuf to source nodes, which the operators' importers turn into ours.

Everything computable is computed on the way (:mod:`edgec.frontends.onnx.constant_folding`), so
importers see shapes and weights as constants. Problems are collected: one run names them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgec.errors import EdgecError, Place, raise_all
from edgec.frontends.doors import with_floats_inside
from edgec.frontends.files import name_of
from edgec.frontends.importers import load_importers
from edgec.frontends.limits import beyond_room
from edgec.frontends.narrow_outputs import NARROW, with_narrow_outputs
from edgec.frontends.onnx.axes.open_axes import OpenAxes
from edgec.frontends.onnx.constant_folding import (
    FOLDABLE,
    SAME_ELEMENTS,
    SHAPE_ONLY,
    TEXT,
    fold,
    shape_stand_in,
)
from edgec.frontends.onnx.control_flow import CONTROL_FLOW, Scope, written_out
from edgec.frontends.onnx.model_file import MAX_NODES, opset, read_model
from edgec.frontends.onnx.nodes import attributes, operator_key, unread, unsupported
from edgec.frontends.onnx.number_inputs import number_inputs, type_remark
from edgec.frontends.onnx.operators.ml_labels import labels
from edgec.frontends.onnx.qdq import grid_of, in_floats
from edgec.frontends.onnx.qonnx import QONNX, grid_of_quant
from edgec.frontends.onnx.sequences import Sequences
from edgec.frontends.onnx.tensors import graphs, malformed, tensor_array
from edgec.frontends.onnx.values import check_element, element_type, input_type, name_outputs
from edgec.frontends.plain_numbers import imported
from edgec.frontends.shapes import Shapes, check_names
from edgec.ir import (
    Array,
    Door,
    DType,
    Graph,
    GraphBuilder,
    QParams,
    Room,
    TensorType,
    TooLargeError,
    ValueName,
)
from edgec.ops.registry import IMPORTERS, Format, SourceNode, is_known, is_number

_LONGEST_NAME = 200  # of a node, in errors and in comments of the generated C


def load_onnx(path: Path, shapes: Shapes = MappingProxyType({})) -> Graph:
    """Return the model in an ONNX file as a float graph.

    Open axes of inputs are as ``shapes`` says; a batch that is left open becomes 1. Inputs and
    outputs keep their names. What the file quantizes is a float graph here with a FakeQuantize
    behind every value that has integers. Raises :class:`EdgecError` (all problems at once):
    ``malformed-model``, ``unsupported-opset``, ``unsupported-operator``, ``unsupported-attribute``,
    ``unsupported-dtype``, ``unsupported-quantization``, ``dynamic-shape``, ``invalid-shape``,
    ``external-data``, ``model-too-large`` and what :func:`edgec.frontends.files.read_file` raises.
    """
    graph = with_floats_inside(read_onnx(path, shapes), may_state=True)
    return in_floats(graph, Place(str(path)))


def read_onnx(path: Path, shapes: Shapes = MappingProxyType({})) -> Graph:
    """Return the graph as the file has it, with Quantize and Dequantize; else :func:`load_onnx`."""
    load_importers()
    model = read_model(path)
    builder = GraphBuilder(name_of(path), Room.of_file(model.ByteSize()))
    session = _Import(model, Place(str(path)), builder, shapes)
    session.declare_inputs()
    for index, node in enumerate(model.graph.node):
        session.add_node(index, node)
    session.raise_problems()
    return session.graph()


@dataclass(eq=False)
class _Import:
    """The state of one import: what each name of the file has become so far.

    A name is a value of the builder (``values``), known (``arrays``: never needed as a value so
    far), left out with all that depends on it (``left_out``), or lost because the node that makes
    it cannot be imported (``lost``).
    """

    model: Any
    place: Place
    builder: GraphBuilder
    shapes: Shapes
    values: dict[str, ValueName] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)  # what is no tensor, and why
    remarks: list[str] = field(default_factory=list)
    grids: dict[str, QParams] = field(default_factory=dict)  # of constants that are dequantized
    missing: dict[str, list[str]] = field(default_factory=dict)  # operator -> nodes
    problems: list[EdgecError] = field(default_factory=list)
    doors: dict[str, Door] = field(default_factory=dict)  # of inputs that are numbers
    axes: OpenAxes = field(init=False)
    initializers: dict[str, Any] = field(init=False)
    read: set[str] = field(default_factory=set)
    sequences: Sequences = field(default_factory=Sequences)
    written: int = 0  # nodes that stand for branches, loops and sequences

    def __post_init__(self) -> None:
        graph = self.model.graph
        self.initializers = {each.name: each for each in graph.initializer}
        for each in graphs(graph):
            self._note_reads(each.node)
            self.read.update(value.name for value in each.output)

    def declare_inputs(self) -> None:
        inputs = [each for each in self.model.graph.input if each.name not in self.initializers]
        check_names(self.shapes, [each.name for each in inputs], self.place)
        self.axes = OpenAxes(self.model, inputs, self.shapes, self.place)
        self.remarks += self.axes.remarks
        self.doors = number_inputs(self.model)
        for each in inputs:
            try:
                self._declare(each.name, self._input_type(each))
            except EdgecError as error:
                self.problems.append(error)
                self.lost.add(each.name)

    def _input_type(self, value: Any) -> TensorType:
        """Return the type of an input: float where its integers are numbers."""
        door = self.doors.get(value.name)
        if door is None:
            check_element(value, self.place)
        if value.name in self.axes.problems:
            raise self.axes.problems[value.name]
        shape = self.axes.closed[value.name]
        if door is None:
            return input_type(value, shape, self.place)
        self.remarks += filter(None, [type_remark(value, door)])
        return TensorType(shape)

    def _declare(self, name: str, kind: TensorType) -> None:
        try:
            self.values[name] = self.builder.input(name, kind)
        except TooLargeError as error:
            raise beyond_room(f"input {error}", self.place) from error

    def add_node(self, index: int, node: Any) -> None:
        """Import one node; what goes wrong is collected, and its outputs are lost."""
        name = node.name[:_LONGEST_NAME] or f"{node.op_type}_{index}"
        place = Place(self.place.file, f"node {name!r}")
        key = operator_key(node)
        try:
            groups = self._written_out(node, key, place)
            if groups is not None:
                self._add_groups(groups, index, place)
            elif not self._convert(node, key, name, place):
                self.lost.update(node.output)
        except TooLargeError as error:
            self.problems.append(beyond_room(f"{key}: {error}", place))
            self.lost.update(node.output)
        except EdgecError as error:
            self.problems.append(self.axes.blamed(error))
            self.lost.update(node.output)

    def raise_problems(self) -> None:
        found = [*unsupported(self.missing, self.place), *self.problems]
        raise_all(list({str(each): each for each in found}.values()))

    def graph(self) -> Graph:
        """Build the graph, with outputs called as in the file, but for those left out."""
        wanted, remarks = self._kept_outputs()
        raise_all(
            [
                malformed(f"no node makes output {name!r}", self.place)
                for name in wanted
                if self._known(name) is None and name not in self.values
            ]
        )
        try:
            graph = name_outputs(self.builder, [(name, self._value(name)) for name in wanted])
        except TooLargeError as error:
            raise beyond_room(f"the outputs: {error}", self.place) from error
        raise_all([self._empty(each) for each in graph.outputs if not graph.types[each].elements])
        grids = tuple(dict.fromkeys(self.grids.values()))
        doors = {ValueName(name): door for name, door in self.doors.items()}
        graph = replace(graph, grids=grids, remarks=(*self.remarks, *remarks), doors=doors)
        stated = {ValueName(e.name): element_type(e) for e in self.model.graph.output}
        narrow = {name: dtype for name, dtype in stated.items() if dtype in NARROW}
        return with_narrow_outputs(graph, narrow, is_float_model=True)

    def _empty(self, output: ValueName) -> EdgecError:
        return EdgecError(
            "unsupported-shape",
            f"output {output!r} is empty",
            place=self.place,
            help="leave it out of the model's outputs",
        )

    def _kept_outputs(self) -> tuple[list[str], list[str]]:
        """Return the outputs that are tensors, and remarks on the others."""
        names = [each.name for each in self.model.graph.output]
        sequences = "it is a sequence of tensors, not one"
        self.left_out.update(dict.fromkeys(self.sequences.lists, sequences))
        kept = [name for name in names if name not in self.left_out]
        remarks = [
            f"output {name!r} is left out: {self.left_out[name]}"
            for name in names
            if name in self.left_out
        ]
        if not kept:
            raise EdgecError(
                "unsupported-operator",
                "; ".join(remarks),
                place=self.place,
                help="give the model an output of numbers, such as the scores of classes",
            )
        return kept, remarks

    def _add_groups(self, groups: Iterable[list[Any]], index: int, place: Place) -> None:
        """Import what stands for one node; loops in loops are counted together."""
        try:
            for group in groups:
                self.written += len(group)
                if self.written > MAX_NODES:
                    message = f"branches and loops are {self.written} nodes, more than {MAX_NODES}"
                    hint = "give a smaller model, or one with fewer turns"
                    raise EdgecError("model-too-large", message, place=place, help=hint)
                self._note_reads(group)
                self.read.update(name for each in group for name in each.output)
                for each in group:
                    self.add_node(index, each)
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            raise malformed(f"its graphs do not fit: {error}", place) from error

    def _note_reads(self, nodes: Iterable[Any]) -> None:
        self.read.update(name for node in nodes for name in node.input)

    def _written_out(self, node: Any, key: str, place: Place) -> Iterable[list[Any]] | None:
        """Return groups of nodes that stand for one with graphs or sequences; None: for no other.

        Nothing stands for one that depends on what cannot be imported, nor for what comes behind
        too many nodes.
        """
        if key not in CONTROL_FLOW and not (self.sequences.takes(node) and "::" not in key):
            return None
        if self.written > MAX_NODES or any(each in self.lost for each in node.input):
            self.lost.update(node.output)
            return []
        scope = Scope(self._known, self._shape, opset(self.model))
        if key in CONTROL_FLOW:
            return written_out(node, scope, place)
        return self.sequences.spelled(node, scope, place)

    def _shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a value, None where nothing makes it."""
        array = self._known(name)
        if array is not None:
            return array.shape
        return self.builder.type(self.values[name]).shape if name in self.values else None

    def _convert(self, node: Any, key: str, name: str, place: Place) -> bool:
        """Fold or import a node; False where it cannot be."""
        importable = is_known(Format.ONNX, key)
        if not importable and key not in FOLDABLE:
            self.missing.setdefault(key, []).append(name)
            return False
        if any(each in self.lost for each in node.input):
            return False
        reasons = [why for each in node.input if (why := self._no_numbers(each))]
        if reasons:
            self.left_out.update(dict.fromkeys(node.output, reasons[0]))
            return True
        results = self._folded(node, key)
        if results is not None:
            self.arrays.update(zip(node.output, results, strict=True))
            return True
        if not importable or not self._is_read(node, key):
            self.missing.setdefault(key, []).append(name)
            return False
        self._import(node, key, name, place)
        return True

    def _is_read(self, node: Any, key: str) -> bool:
        """Tell whether there is an importer for real numbers, or the node reads plain ones."""
        if (Format.ONNX, key) in IMPORTERS:
            return True
        values = [self.values[each] for each in node.input if each in self.values]
        return any(is_number(self.builder.type(each)) for each in values)

    def _no_numbers(self, name: str) -> str:
        """Return why a value is left out; nothing where it is not. A constant may hold texts."""
        if name in self.initializers and name not in self.left_out:
            array = self._known(name)
            if array is not None and array.dtype.kind in TEXT:
                self.left_out[name] = labels(array.reshape(-1).tolist())
        return self.left_out.get(name, "")

    def _folded(self, node: Any, key: str) -> list[Array] | None:
        """Return the outputs of a node that depends on nothing but constants."""
        if key in SHAPE_ONLY and node.input[0] in self.values:
            shape = self.builder.type(self.values[node.input[0]]).shape
            return self._evaluated(node, [shape_stand_in(shape)])
        known = {each: self._known(each) for each in node.input if each}
        if any(array is None for array in known.values()):
            return None
        self._note_grid(node, known)
        return self._evaluated(node, [known.get(each) for each in node.input])

    def _evaluated(self, node: Any, inputs: Sequence[Array | None]) -> list[Array] | None:
        return fold(node, inputs, opset(self.model), self.builder.room)

    def _note_grid(self, node: Any, known: Mapping[str, Array | None]) -> None:
        """Remember the scales of a constant that is dequantized, also where it is transposed."""
        grid = self.grids.get(node.input[0]) if node.op_type in SAME_ELEMENTS else None
        if node.op_type == "DequantizeLinear":
            grid = grid_of([known.get(each) for each in node.input])
        if node.domain == QONNX:
            grid = grid_of_quant(node, [known.get(each) for each in node.input])
        if grid is not None:
            self.grids[node.output[0]] = grid

    def _import(self, node: Any, key: str, name: str, place: Place) -> None:
        source = SourceNode(
            format=Format.ONNX,
            op=key,
            name=name,
            inputs=tuple(self._value(each) if each else None for each in node.input),
            outputs=tuple(self._used_outputs(node)),
            attrs=attributes(node, place),
            place=place,
            version=opset(self.model),
        )
        try:
            results = imported(source, self.builder)
        except TooLargeError:
            raise
        except (ValueError, TypeError, LookupError, ArithmeticError, MemoryError) as error:
            raise malformed(f"{key}: {error}", place) from error
        leftover = unread(source, node, opset(self.model))
        if leftover:
            raise source.reject(f"{', '.join(leftover)}: not supported")
        self.remarks += source.remarks
        for index, why in source.left_out.items():
            self.left_out[node.output[index]] = why
        for output, value in zip(source.outputs, results, strict=False):
            if output not in self.left_out:
                self.values[output] = value
        if len(results) < len(source.outputs):
            raise source.reject(f"output {source.outputs[len(results)]!r} is not supported")

    def _used_outputs(self, node: Any) -> Iterator[str]:
        """Yield the outputs of a node, without optional ones at the end that nothing reads."""
        used = [index for index, name in enumerate(node.output) if name in self.read]
        yield from list(node.output)[: max(used, default=0) + 1]

    def _known(self, name: str) -> Array | None:
        """Return the array behind a name, None where it is computed at run time."""
        if name in self.arrays:
            return self.arrays[name]
        if name in self.values:
            return self.builder.constant_value(self.values[name])
        if name in self.initializers:
            self.arrays[name] = tensor_array(self.initializers[name], self.place)
            return self.arrays[name]
        return None

    def _value(self, name: str) -> ValueName:
        """Return the builder's value for a name; a known array becomes a constant now."""
        if name not in self.values:
            array = self._known(name)
            if array is None:
                message = f"{name!r} is read before any node makes it (a cycle?)"
                raise malformed(message, self.place)
            self.values[name] = self.builder.constant(name, self._supported(name, array))
        return self.values[name]

    def _supported(self, name: str, array: Array) -> Array:
        try:
            DType.of(array)
        except ValueError as error:
            raise EdgecError(
                "unsupported-dtype",
                f"constant {name!r} has element type {array.dtype}",
                place=self.place,
                help="export the model in float32 (model.float() in PyTorch)",
            ) from error
        return array
