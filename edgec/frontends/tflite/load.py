"""TFLite -> Graph: checks what the file computes in, then gives each operator to its importer."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edgec.errors import EdgecError, Place, raise_all
from edgec.frontends.doors import with_floats_inside
from edgec.frontends.files import name_of, read_file
from edgec.frontends.importers import load_importers
from edgec.frontends.limits import MAX_BYTES, beyond_room, too_large
from edgec.frontends.narrow_outputs import with_narrow_outputs
from edgec.frontends.plain_numbers import imported
from edgec.frontends.shapes import Shapes, check_fixed
from edgec.frontends.tflite.checks import OperatorChecks
from edgec.frontends.tflite.dilation import with_dilations
from edgec.frontends.tflite.floats import with_float_constants
from edgec.frontends.tflite.known_zeros import with_known_zeros
from edgec.frontends.tflite.lengths import with_asked_lengths, with_lengths
from edgec.frontends.tflite.narrow_numbers import narrow_numbers, with_wide_numbers
from edgec.frontends.tflite.option_tables import default_options, options_table
from edgec.frontends.tflite.prescribed import with_prescribed_outputs
from edgec.frontends.tflite.problems import Problems
from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor, read_model
from edgec.frontends.tflite.row_lists import with_joined_rows
from edgec.frontends.tflite.shape_arithmetic import FOLDS, folded_shapes
from edgec.frontends.tflite.sparse import without_densify
from edgec.frontends.tflite.spelled_out import with_tables
from edgec.frontends.tflite.unsigned import with_numbers_at_the_door, with_signed_tensors
from edgec.frontends.tflite.while_loops import with_unrolled_loops
from edgec.ir import (
    Array,
    DType,
    Graph,
    GraphBuilder,
    Room,
    TensorType,
    TooLargeError,
    ValueName,
)
from edgec.ops.operator import Activation
from edgec.ops.registry import Format, SourceNode, is_known, is_number
from edgec.ops.tflite_operators import tflite_operator

# What makes one operator of several, or of one that others can do: in this order.
_REWRITES = (
    with_unrolled_loops,
    with_joined_rows,
    with_known_zeros,
    with_tables,
    without_densify,
    with_float_constants,
    with_numbers_at_the_door,
    with_signed_tensors,
    with_dilations,
    with_prescribed_outputs,
)
_INSIDE = {DType.INT64: DType.INT32}  # numbers that count have 32 bits inside
# What an importer raises on tensors that its operator cannot take.
_MISFITS = (ValueError, IndexError, KeyError, TypeError, OverflowError, ZeroDivisionError)


def load_tflite(path: Path, shapes: Shapes = MappingProxyType({})) -> Graph:
    """Import a .tflite model: integers as they are, floats to be quantized.

    Inputs and outputs have the names of the file's signature, of their tensors where it has none; a
    node gets the name of its first output. Open extents (a batch of -1) are as the converter stored
    them, mostly 1, or as ``shapes`` says (``invalid-shape`` where that cannot run). Weights that a
    float model stores as float16 or int8 become float32. All problems that keep the model from
    being compiled are raised together: ``unsupported-operator``, ``unsupported-attribute``,
    ``unsupported-tensor``, ``unsupported-quantization``, ``multiple-subgraphs``,
    ``malformed-model``, ``model-too-large``.
    """
    load_importers()
    data = read_file(path)
    model = read_model(data, Place(file=str(path)))
    return with_asked_lengths(lambda asked: _loaded(model, asked, path, len(data)), shapes, path)


def _loaded(model: FileModel, shapes: Shapes, path: Path, size: int) -> Graph:
    place = Place(file=str(path))
    model = with_lengths(model, _unique_names(model), shapes)
    unused = bool(model.bodies) and not any(each.refers_to_subgraphs for each in model.operators)
    for rewrite in _REWRITES:
        model = rewrite(model)
    narrow = narrow_numbers(model)
    work = _Import(with_wide_numbers(model), path, size)
    if unused:
        work.problems.add(_several(1 + len(model.bodies), place))
    graph = with_floats_inside(work.with_types(work.graph(), narrow))
    check_fixed(graph, shapes, place)
    return graph


class _Import:
    def __init__(self, model: FileModel, path: Path, size: int) -> None:
        self._model = model
        self._file = str(path)
        self._builder = GraphBuilder(name_of(path), Room.of_file(size))
        self._names = _unique_names(model)
        self._values: dict[int, ValueName] = {}
        self._checks = OperatorChecks(model)
        self.problems = Problems()
        self._unknown: set[int] = set()  # what depends on an operator that cannot be imported
        self._excused: set[int] = set()  # what such an operator reads: of types it would have known
        self._bytes = 0

    def graph(self) -> Graph:
        """Import everything; raise all problems at once."""
        try:
            return self._imported_graph()
        except TooLargeError as error:
            raise beyond_room(f"the constants: {error}", Place(self._file)) from error

    def with_types(self, graph: Graph, stated: Mapping[int, DType]) -> Graph:
        """Return the graph with outputs of these types: numbers that are int32 inside."""
        outputs = {self._values[n]: t for n, t in stated.items() if n in self._model.outputs}
        real = all(kind.qparams is None for kind in graph.types.values())
        return with_narrow_outputs(graph, outputs, is_float_model=real)

    def _imported_graph(self) -> Graph:
        for oddity in self._model.oddities:
            self.problems.add(_odd_graph(oddity, Place(self._file)))
        for number in self._model.inputs:
            kind = self._kind(number)
            if is_number(kind):
                kind = TensorType(kind.shape, _INSIDE.get(kind.dtype, kind.dtype))
            self._values[number] = self._builder.input(self._names[number], kind)
        for index, operator in enumerate(self._model.operators):
            self._operator(operator, index)
        place = Place(self._file, "model outputs")
        for problem in self._checks.ends(place, self._unknown | self._excused):
            self.problems.add(*problem)
        raise_all(self.problems.all())
        outputs = [self._read(each, place) for each in self._model.outputs]
        raise_all([_empty(f"output {each!r} is empty", place) for each in self._empty(outputs)])
        raise_all([_fixed_output(each, place) for each in outputs if self._is_fixed(each)])
        graph = self._builder.build(outputs)
        return replace(graph, remarks=tuple(self._open_inputs()), aliases=self._aliases())

    def _aliases(self) -> dict[ValueName, str]:
        """Return the tensors' own names of inputs and outputs that a signature calls otherwise."""
        ends = {*self._model.inputs, *self._model.outputs}
        named = {self._values[each]: self._model.tensors[each].alias for each in ends}
        return {value: alias for value, alias in named.items() if alias not in {"", value}}

    def _empty(self, values: Sequence[ValueName]) -> list[ValueName]:
        return [value for value in values if not self._builder.type(value).elements]

    def _open_inputs(self) -> Iterator[str]:
        """Say which axes the file leaves open that are no batch."""
        for number in self._model.inputs:
            tensor = self._model.tensors[number]
            axes = [str(axis) for axis in tensor.open_axes if axis]
            if axes:
                yield (
                    f"input {self._names[number]!r}: the file leaves axis {', '.join(axes)} open, "
                    f"{'x'.join(map(str, tensor.shape))} is taken; for another "
                    "length give --shape, or convert the model again with a fixed input shape"
                )

    def _is_fixed(self, value: ValueName) -> bool:
        """Tell whether a value is a variable: what it holds is known to the interpreter alone."""
        return value in {self._names[n] for n, t in enumerate(self._model.tensors) if t.variable}

    def _operator(self, operator: FileOperator, index: int) -> None:
        """Import one operator; where that fails, stand-ins let the others be checked as well."""
        name = self._names[operator.outputs[0]] if operator.outputs else ""
        place = Place(self._file, f"node {index} ({operator.op}) {name!r}".removesuffix(" ''"))
        unknown = {each for each in operator.inputs if each in self._unknown}
        try:
            values = self._values_of(operator, name, place, unknown)
        except TooLargeError as error:
            values = self._given_up(operator, beyond_room(f"{operator.op}: {error}", place))
        except EdgecError as error:
            values = self._given_up(operator, self._at_first_hand(error, unknown))
        for number, value in zip(operator.outputs, values, strict=True):
            self._values[number] = value
            if unknown and _is_argument(self._model.tensors[number]):
                self._unknown.add(number)

    def _values_of(
        self, operator: FileOperator, name: str, place: Place, unknown: Collection[int]
    ) -> list[ValueName]:
        """Return what an operator makes: folded, imported, or stand-ins where it is refused."""
        known = self._known(operator, name, place)
        if known is not None:
            qparams = self._model.tensors[operator.outputs[0]].qparams
            return [self._builder.constant(name, known, qparams)]
        if not is_known(Format.TFLITE, operator.op):
            if operator.op not in FOLDS or not self._are_arguments(unknown):
                reads = [self._names[each] for each in operator.inputs if each is not None]
                self.problems.refuse(operator.op, place, name, reads)
            self._excused.update(each for each in operator.inputs if each is not None)
            return self._given_up(operator, None)
        problems = self._checks.problems(operator, place, unknown)
        for problem in problems:
            self.problems.add(*problem)
        if problems or self._checks.is_odd(operator, unknown):
            return self._given_up(operator, None)
        raise_all(self._checks.combinations(operator, place))
        return self._imported(self._source_node(operator, name, place))

    def _are_arguments(self, numbers: Collection[int]) -> bool:
        return any(_is_argument(self._model.tensors[each]) for each in numbers)

    def _at_first_hand(self, error: EdgecError, unknown: Collection[int]) -> EdgecError | None:
        """Return an error, unless it speaks of what an operator has made that was given up."""
        names = [repr(self._names[each]) for each in unknown]
        told = self._are_arguments(unknown) or any(each in error.message for each in names)
        return None if told else error

    def _given_up(self, operator: FileOperator, error: EdgecError | None) -> list[ValueName]:
        """Collect an error; return stand-ins for what the operator would make."""
        if error is not None:
            self.problems.add(error)
        self._unknown.update(operator.outputs)
        return [self._builder.input(self._names[n], self._kind(n)) for n in operator.outputs]

    def _known(self, operator: FileOperator, name: str, place: Place) -> Array | None:
        """Return the result of an operator that only computes with shapes."""
        made = [each for each in operator.inputs if each is not None]
        if operator.op not in FOLDS or not all(self._is_there(each) for each in made):
            return None
        return folded_shapes(self._source_node(operator, name, place), self._builder)

    def _is_there(self, number: int) -> bool:
        tensor = self._model.tensors[number]
        return number in self._values or (tensor.data is not None and tensor.dtype is not None)

    def _source_node(self, operator: FileOperator, name: str, place: Place) -> SourceNode:
        for number in operator.outputs:
            if number in self._values or operator.outputs.count(number) > 1:
                raise _odd_graph(f"{self._names[number]!r} is made twice", place)
        return SourceNode(
            Format.TFLITE,
            operator.op,
            name,
            tuple(None if each is None else self._now(each, place) for each in operator.inputs),
            tuple(self._names[each] for each in operator.outputs),
            operator.attrs,
            place,
            tuple(self._model.tensors[each].qparams for each in operator.outputs),
            operator.version,
            tuple(self._kind(each).dtype for each in operator.outputs),
            operator.unsigned,
        )

    def _imported(self, node: SourceNode) -> list[ValueName]:
        _check_activation(node)
        if not node.outputs:
            raise node.reject("has no output", code="operator-misfit")
        try:
            values = list(imported(node, self._builder))
        except TooLargeError:
            raise
        except _MISFITS as error:
            raise node.reject(
                f"does not fit its tensors: {error}", code="operator-misfit"
            ) from error
        _check_unread(node)
        self._check_results(node, values)
        return values

    def _check_results(self, node: SourceNode, values: list[ValueName]) -> None:
        if len(values) != len(node.outputs):
            message = f"makes {len(values)} tensors, the file lists {len(node.outputs)}"
            raise node.reject(message, code="operator-misfit")
        read = [self._builder.type(each) for each in node.present_inputs()]
        counts = all(each.qparams is None for each in read)
        for value, dtype in zip(values, node.dtypes, strict=True):
            kind = self._builder.type(value)
            self._bytes += kind.bytes
            if kind.dtype is not dtype and not (counts and kind.dtype is _INSIDE.get(dtype)):
                raise self._of_two_types(node, value, dtype)
            if not kind.elements and self._builder.constant_value(value) is None:
                raise _empty(f"{value!r} is empty: {kind}", node.place)
            if self._bytes > MAX_BYTES:
                raise too_large(f"{value!r} with all before it", self._bytes, node.place)

    def _of_two_types(self, node: SourceNode, value: ValueName, dtype: DType) -> EdgecError:
        """Say that an operator of one type makes another, as some of TFLite's kernels can."""
        read = [self._builder.type(each).dtype.value for each in node.present_inputs()[:1]]
        of = f" of {read[0]}" if read else ""
        return EdgecError(
            "unsupported-tensor",
            f"{node.op}{of} makes {dtype.value} {node.outputs[0]!r}; only "
            f"{self._builder.type(value).dtype.value} is supported there",
            place=node.place,
            help="convert again with one type for all activations, int8 (TFLITE_BUILTINS_INT8) or "
            "16x8: a change of types is a QUANTIZE or DEQUANTIZE of its own",
        )

    def _now(self, number: int, place: Place) -> ValueName:
        """Return what a tensor holds by now: a variable may have been overwritten."""
        return self._builder.current(self._read(number, place))

    def _read(self, number: int, place: Place) -> ValueName:
        """Return the value of a tensor that must exist by now; constants are added on first use."""
        if number not in self._values:
            tensor = self._model.tensors[number]
            data = tensor.data
            if 0 in tensor.shape and tensor.dtype:  # the file has no bytes for an empty constant
                data = np.zeros(tensor.shape, tensor.dtype.numpy)
            if tensor.variable:
                self._values[number] = self._builder.input(self._names[number], self._kind(number))
                return self._values[number]
            if data is None:
                message = f"{self._names[number]!r} is read, but nothing has made it before"
                raise _odd_graph(message, place)
            self._values[number] = self._builder.constant(self._names[number], data, tensor.qparams)
        return self._values[number]

    def _kind(self, number: int) -> TensorType:
        tensor = self._model.tensors[number]
        return TensorType(tensor.shape, tensor.dtype or DType.FLOAT32, tensor.qparams)


def _unique_names(model: FileModel) -> list[str]:
    """Return a name for each tensor; inputs and outputs are the first to choose."""
    names = [""] * len(model.tensors)
    taken: dict[str, int] = {}
    for number in dict.fromkeys([*model.inputs, *model.outputs, *range(len(names))]):
        wanted = name = model.tensors[number].name
        while name in taken:
            taken[wanted] += 1
            name = f"{wanted}.{taken[wanted]}"
        taken[name] = 1
        names[number] = name
    return names


def _check_activation(node: SourceNode) -> None:
    if tflite_operator(node.op).own_activation:
        return
    name = node.attrs.get("fused_activation_function", "NONE")
    if name not in {each.value for each in Activation}:
        raise node.reject(
            f"fused activation {name}", help="use the activation as an operator of its own"
        )


def _check_unread(node: SourceNode) -> None:
    """Reject what would be dropped silently: an attribute in use that the importer never read."""
    defaults = default_options(options_table(node.op))
    dropped = [name for name in node.unread() if node.attrs[name] != defaults.get(name)]
    if dropped:
        shown = ", ".join(f"{name} = {node.attrs[name]}" for name in dropped)
        raise node.reject(shown, help="convert the model without this option")


def _fixed_output(value: ValueName, place: Place) -> EdgecError:
    return EdgecError(
        "unsupported-tensor",
        f"output {value!r} is a variable, nothing that the model computes",
        place=place,
        help="leave it out of the model's outputs",
    )


def _empty(message: str, place: Place) -> EdgecError:
    return EdgecError(
        "unsupported-shape",
        message,
        place=place,
        help="convert the model again with an input shape that leaves something to compute",
    )


def _several(count: int, place: Place) -> EdgecError:
    return EdgecError(
        "multiple-subgraphs",
        f"the model has {count} subgraphs, edgec compiles one",
        place=place,
        help="convert without control flow (tf.cond) and one signature only",
    )


def _odd_graph(message: str, place: Place) -> EdgecError:
    return EdgecError(
        "unsupported-graph", message, place=place, help="convert the model again, or report it"
    )


def _is_argument(tensor: FileTensor) -> bool:
    """Tell whether a tensor is no data: a shape, an index or a condition."""
    return tensor.dtype is not DType.FLOAT32 and tensor.qparams is None
