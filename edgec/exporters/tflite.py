"""Graph -> .tflite: operators are collected through the exporter table, then laid out in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import edgec.exporters.operators
from edgec.discovery import import_all
from edgec.errors import EdgecError, Place, raise_all
from edgec.exporters.fewer_axes import in_fewer_axes
from edgec.exporters.flatbuffer import FileOperator, FileTensor, layout
from edgec.exporters.unsigned import UnsignedEmitter, computes_in_uint8
from edgec.exporters.versions import operator_version
from edgec.ir import Array, Graph, Node, QParams, State, TensorType, ValueName
from edgec.ir.types import DType
from edgec.ops import registry
from edgec.ops.registry import TfliteEmitter
from edgec.passes.rewrite import unused

_ABSENT = -1  # in the place of an input's number


def write_tflite(graph: Graph) -> bytes:
    """Return the graph as a .tflite file that any TFLite interpreter runs; same graph, same bytes.

    Tensors keep the names of the values. What the file has beside these is called after the tensor
    that it makes, so edgec, which reads the file with the names of its tensors, writes it again to
    the same bytes. ``EdgecError`` ``cannot-export`` names all nodes that TFLite has no operator
    for.
    """
    graph = graph.whole()
    load_exporters()
    graph = in_fewer_axes(graph)
    exporters = [registry.exporter_of(type(node.op)) for node in graph.nodes]
    pairs = list(zip(graph.nodes, exporters, strict=True))
    raise_all([_cannot_export(node) for node, export in pairs if export is None])
    emitter = _Emitter(graph)
    for value in graph.inputs:
        emitter.tensor(value)
    for node, export in pairs:
        if export is not None:
            _write(node, export, graph, emitter)
    inputs, outputs = (
        [emitter.tensor(value) for value in values if value not in emitter.hidden]
        for values in (graph.inputs, graph.outputs)
    )
    return layout(graph.name, emitter.tensors, emitter.operators, inputs, outputs)


def _write(node: Node, export: registry.Exporter, graph: Graph, emitter: "_Emitter") -> None:
    """Write a node under the name that it has where the file is read; problems have its own."""
    signature = graph.signature(node)
    unsigned = computes_in_uint8(node.op, signature)
    out: TfliteEmitter = UnsignedEmitter(emitter) if unsigned else emitter
    try:
        export(node.op, replace(node, name=node.outputs[0]), signature, out)
    except EdgecError as error:
        place = Place(error.place.file, f"node {node.name!r}")
        raise EdgecError(error.code, error.message, place=place, help=error.help) from error


def load_exporters() -> None:
    """Fill :data:`edgec.ops.registry.EXPORTERS`."""
    registry.load_all()
    import_all(edgec.exporters.operators)


def _cannot_export(node: Node) -> EdgecError:
    return EdgecError(
        "cannot-export",
        f"{node.op.name} has no TFLite operator",
        place=Place(inside=f"node {node.name!r}"),
        help="build without the .tflite file, or replace the operator in the model",
    )


@dataclass(eq=False)
class _Emitter:
    """The :class:`~edgec.ops.registry.TfliteEmitter` that collects one file.

    A value becomes a tensor when it is first referred to, so that nothing unused is written.
    """

    graph: Graph
    tensors: list[FileTensor] = field(default_factory=list)
    operators: list[FileOperator] = field(default_factory=list)
    hidden: set[ValueName] = field(default_factory=set)  # states that the interpreter keeps
    _index: dict[ValueName, int] = field(default_factory=dict)
    _added: dict[ValueName, tuple[TensorType, Array | None]] = field(default_factory=dict)
    _unnamed: set[ValueName] = field(default_factory=set)  # constants that nothing has read yet
    _names: dict[ValueName, str] = field(default_factory=dict)  # of constants that were read
    _taken: set[str] = field(default_factory=set)

    def emit(
        self,
        code: str,
        inputs: Sequence[ValueName | None],
        outputs: Sequence[ValueName],
        options: str = "",
        **fields: Any,
    ) -> None:
        self._name_constants(inputs, outputs[0])
        read = [_ABSENT if value is None else self.tensor(value) for value in inputs]
        written = [self.tensor(value) for value in outputs]
        kinds = [self.tensors[index].kind for index in read if index != _ABSENT]
        version = operator_version(code, kinds, fields)
        self.operators.append(FileOperator(code, version, read, written, options, fields))

    def intermediates(self, qparams: Sequence[QParams | None]) -> None:
        kinds = [TensorType((0,), DType.INT8, each) for each in qparams]
        numbers = [self.tensor(self._add("intermediate", kind, None)) for kind in kinds]
        self.operators[-1] = replace(self.operators[-1], intermediates=numbers)

    def variable(self, state: ValueName) -> None:
        number = self.tensor(state)
        self.tensors[number] = replace(self.tensors[number], variable=True)
        pairs = [each for each in self.graph.states if each.input == state]
        self.hidden.update(value for each in pairs for value in (each.input, each.output))

    def constant(self, hint: str, array: Array, qparams: QParams | None = None) -> ValueName:
        value = self._add(hint, TensorType(array.shape, DType.of(array), qparams), array)
        self._unnamed.add(value)
        return value

    def stand_in(self, value: ValueName, array: Array, qparams: QParams | None) -> ValueName:
        """Add a constant that is written in place of another: under its name where it is free."""
        made = self.constant(f"{value}/stands_in", array, qparams)
        if len(self.graph.consumers().get(value, ())) == 1 and value not in self._taken:
            self._unnamed.remove(made)
            self._names[made] = value
        return made

    def _name_constants(self, inputs: Sequence[ValueName | None], output: ValueName) -> None:
        """Call constants after the tensor that is made with them, by their place."""
        for place, value in enumerate(inputs):
            if value is not None and value in self._unnamed:
                self._unnamed.remove(value)
                name = unused(f"{output}/{place}", self._taken | self.graph.types.keys())
                self._taken.add(name)
                self._names[value] = name

    def constant_value(self, value: ValueName) -> Array:
        return self.graph.constants[value]

    def temporary(self, hint: str, kind: TensorType, *, variable: bool = False) -> ValueName:
        value = self._add(hint, kind, None)
        if variable:
            number = self.tensor(value)
            self.tensors[number] = replace(self.tensors[number], variable=True)
        return value

    def is_read(self, value: ValueName) -> bool:
        seen = self.graph.without_states(self.graph.outputs)
        return value in seen or value in self.graph.consumers()

    def keeps(self, state: ValueName, after: ValueName) -> bool:
        alone = len(self.graph.consumers().get(state, ())) == 1
        return alone and State(state, after) in self.graph.states

    def tensor(self, value: ValueName) -> int:
        """Return the number of the tensor that stands for a value."""
        if value not in self._index:
            self._index[value] = len(self.tensors)
            name = self._names.get(value, value)
            self.tensors.append(FileTensor(name, *self.described(value)))
        return self._index[value]

    def described(self, value: ValueName) -> tuple[TensorType, Array | None]:
        """Return the type of a value, and its array where it is a constant."""
        if value in self._added:
            return self._added[value]
        return self.graph.types[value], self.graph.constants.get(value)

    def _add(self, hint: str, kind: TensorType, data: Array | None) -> ValueName:
        value, number = ValueName(hint), 2
        while value in self.graph.types or value in self._added or value in self._taken:
            value = ValueName(f"{hint}.{number}")
            number += 1
        self._added[value] = (kind, data)
        return value
