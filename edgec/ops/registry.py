"""How operators enter and leave: neutral source nodes, importer and exporter tables, discovery."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol, TypeVar

import edgec.ops
from edgec.discovery import import_all
from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Op, QParams, Signature, TensorType, ValueName

_MISSING: Any = object()
_NUMBERS = frozenset({DType.INT32, DType.INT64, DType.BOOL})
_ADVICE = {  # where an importer knows nothing better
    "malformed-model": "export or convert the model again",
    "operator-misfit": "convert the model again; if TFLite's interpreter runs it, please report it",
    "model-too-large": "check the shapes: edgec compiles models for microcontrollers",
    "unsupported-attribute": "replace the operator or this option: `edgec ops` lists what works",
}
T = TypeVar("T")


class Format(Enum):
    """A source format; the value is how users call it."""

    ONNX = "ONNX"
    TFLITE = "TFLite"
    EDGEC = "edgec"


@dataclass(eq=False)
class SourceNode:
    """A node as a model file has it, decoded to plain Python values.

    ``inputs`` holds None where an optional input is absent. ``qparams`` holds the quantization the
    file states for each output, ``dtypes`` their element types (TFLite only); an ``unsigned`` one
    computes in uint8 there, which is int8 here. An attribute that no
    getter asked for is an error: nothing is dropped silently (:meth:`unread`). ``left_out`` and
    ``remarks`` are what :meth:`leave_out` and :meth:`remark` collect.
    """

    format: Format
    op: str
    name: str
    inputs: tuple[ValueName | None, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]
    place: Place
    qparams: tuple[QParams | None, ...] = ()
    version: int = 0
    dtypes: tuple[DType, ...] = ()
    unsigned: bool = False
    left_out: dict[int, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)

    def input(self, index: int) -> ValueName:
        """Return a required input."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.reject(f"input {index} is missing")
        return value

    def constant(self, g: GraphBuilder, index: int) -> Array:
        """Return the value of an input that must be a constant."""
        value = self.input(index)
        array = g.constant_value(value)
        if array is None:
            raise self.reject(
                f"input {index} ({value!r}) is computed at run time, a constant is needed",
                help="export the model with this input fixed, or fold it with onnxslim",
            )
        return array

    def leave_out(self, index: int, why: str) -> None:
        """Say that an output is no tensor of numbers; what is computed from it goes too.

        Whatever the importer returns for it is ignored. ``why`` is told to the user where an output
        of the model is lost so.
        """
        self.left_out[index] = why

    def remark(self, text: str) -> None:
        """Tell the user what the imported model leaves to the application."""
        self.remarks.append(text)

    def present_inputs(self) -> tuple[ValueName, ...]:
        return tuple(value for value in self.inputs if value is not None)

    def part(self, index: int = 0, suffix: str = "") -> "SourceNode":
        """Return a node for one output alone, without attributes, for importers that make several.

        With a ``suffix`` it makes something on the way to that output, in its quantization.
        """
        mark = f"/{suffix}" if suffix else ""
        place = f"/{index}" if len(self.outputs) > 1 else ""
        return replace(
            self,
            name=f"{self.name}{place}{mark}",
            outputs=(f"{self.outputs[index]}{mark}",),
            attrs={},
            qparams=self.qparams[index : index + 1],
            dtypes=self.dtypes[index : index + 1],
        )

    def integer(self, name: str, default: int = _MISSING) -> int:
        return int(self._get(name, int, default))

    def number(self, name: str, default: float = _MISSING) -> float:
        return float(self._get(name, (int, float), default))

    def numbers(self, name: str, default: Sequence[float] = _MISSING) -> tuple[float, ...]:
        return tuple(float(each) for each in self._get(name, (list, tuple), default))

    def flag(self, name: str, default: bool = _MISSING) -> bool:
        return bool(self._get(name, (bool, int), default))

    def text(self, name: str, default: str = _MISSING) -> str:
        return str(self._get(name, str, default))

    def integers(self, name: str, default: Sequence[int] = _MISSING) -> tuple[int, ...]:
        return tuple(int(each) for each in self._get(name, (list, tuple), default))

    def tensor(self, name: str) -> Array | None:
        """Return a tensor attribute, None where it is absent."""
        self._read.add(name)
        value: Array | None = self.attrs.get(name)
        return value

    def has(self, name: str) -> bool:
        return name in self.attrs

    def ignore(self, *names: str) -> None:
        """Mark attributes that cannot change the result."""
        self._read.update(names)

    def unread(self) -> list[str]:
        """Return the attributes nobody asked for."""
        return sorted(set(self.attrs) - self._read)

    def reject(
        self,
        message: str,
        *,
        help: str = "",
        code: str = "unsupported-attribute",
    ) -> EdgecError:
        """Return the error for this node; the caller raises it.

        ``malformed-model`` is said where operator and tensors contradict each other. Of TFLite
        files this becomes ``operator-misfit``: whether its interpreter takes them, each of its
        kernels decides for itself, and an importer cannot tell.
        """
        if code == "malformed-model" and self.format is Format.TFLITE:
            code = "operator-misfit"
        advice = help or _ADVICE.get(code, "")
        return EdgecError(code, f"{self.op}: {message}", place=self.place, help=advice)

    def _get(self, name: str, kind: Any, default: Any) -> Any:
        self._read.add(name)
        value = self.attrs.get(name, default)
        if value is _MISSING:
            raise self.reject(f"attribute {name!r} is missing", code="malformed-model")
        if value is not default and not isinstance(value, kind):
            raise self.reject(
                f"attribute {name!r} has the wrong type: {value!r}", code="malformed-model"
            )
        return value


Importer = Callable[[SourceNode, GraphBuilder], Sequence[ValueName]]
IMPORTERS: dict[tuple[Format, str], Importer] = {}


def importer(source: Format, *names: str) -> Callable[[Importer], Importer]:
    """Register how operators called ``names`` in a source format become ours.

    The function adds nodes to the builder and returns one value per output of the source node.
    """

    def register(function: Importer) -> Importer:
        for name in names:
            if IMPORTERS.setdefault((source, name), function) is not function:
                message = f"two importers for {source.value} {name}"
                raise ValueError(message)
        return function

    return register


NUMBER_IMPORTERS: dict[tuple[Format, str], Importer] = {}
"""How operators are read where their first operand at run time is plain numbers (int32, bool)."""


def number_importer(source: Format, *names: str) -> Callable[[Importer], Importer]:
    """Register how operators become ours where they count: on values without a scale.

    All other values go to what :func:`importer` has registered under the name.
    """

    def register(function: Importer) -> Importer:
        for name in names:
            if NUMBER_IMPORTERS.setdefault((source, name), function) is not function:
                message = f"two importers of numbers for {source.value} {name}"
                raise ValueError(message)
        return function

    return register


def is_known(source: Format, name: str) -> bool:
    """Tell whether there is an importer of an operator, whatever it reads."""
    return (source, name) in IMPORTERS or (source, name) in NUMBER_IMPORTERS


def importer_of(node: SourceNode, g: GraphBuilder) -> Importer | None:
    """Return how a node is read, by what its operands are; None where nothing reads it so."""
    key = (node.format, node.op)
    made = [value for value in node.present_inputs() if g.constant_value(value) is None]
    counts = bool(made) and is_number(g.type(made[0]))
    return (NUMBER_IMPORTERS.get(key) if counts else None) or IMPORTERS.get(key)


def is_number(kind: TensorType) -> bool:
    """Tell whether a tensor holds plain numbers or truth values: it has no quantization."""
    return kind.qparams is None and kind.dtype in _NUMBERS


class TfliteEmitter(Protocol):
    """Where an exporter puts TFLite operators; tensors are named by value."""

    def emit(
        self,
        code: str,
        inputs: Sequence[ValueName | None],
        outputs: Sequence[ValueName],
        options: str = "",
        **fields: Any,
    ) -> None:
        """Append operator ``code``; ``options`` names its options table, ``fields`` fill it.

        An input that is None is absent.
        """
        ...

    def intermediates(self, qparams: Sequence[QParams | None]) -> None:
        """Give the last operator int8 tensors that nobody computes: they tell it quantizations."""
        ...

    def variable(self, state: ValueName) -> None:
        """Let the interpreter keep a state: no input of the file, its next value no output."""
        ...

    def constant(self, hint: str, array: Array, qparams: QParams | None = None) -> ValueName:
        """Add a constant tensor."""
        ...

    def constant_value(self, value: ValueName) -> Array:
        """Return the array of a value of the graph that must be a constant; else ``KeyError``."""
        ...

    def temporary(self, hint: str, kind: TensorType, *, variable: bool = False) -> ValueName:
        """Add a tensor between two operators; a ``variable`` may be read and written by one."""
        ...

    def is_read(self, value: ValueName) -> bool:
        """Tell whether anything but the interpreter's states needs a value of the graph."""
        ...

    def keeps(self, state: ValueName, after: ValueName) -> bool:
        """Tell whether one node alone reads an input that is ``after`` at the next run."""
        ...


Exporter = Callable[[Any, Node, Signature, TfliteEmitter], None]
EXPORTERS: dict[type[Op], Exporter] = {}


def exporter(op: type[Op]) -> Callable[[Exporter], Exporter]:
    """Register how an operator is written to TFLite: ``function(op, node, signature, emitter)``."""

    def register(function: Exporter) -> Exporter:
        if EXPORTERS.setdefault(op, function) is not function:
            message = f"two exporters for {op.name}"
            raise ValueError(message)
        return function

    return register


def exporter_of(op: type[Op]) -> Exporter | None:
    """Return how an operator is written: its own way, or that of the nearest class above it."""
    return next((EXPORTERS[each] for each in op.__mro__ if each in EXPORTERS), None)


def load_all() -> None:
    """Import every operator module, so that the tables are full."""
    import_all(edgec.ops)
