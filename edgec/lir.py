"""What is left of a model before it is printed as C: buffers, constant arrays and kernel calls.

A :class:`Program` knows no templates and no file formats; backends make it, the memory planner
places its buffers, code generation prints it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgec.ir import Array, TensorType, ValueName

STATE = "state"
"""What steps are called that keep a state for the next run."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes in the arena: a tensor, or the scratch memory of one call."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ConstantArray:
    """An array in flash. ``name`` is unique in the program; code generation makes it a symbol."""

    name: str
    data: Array


@dataclass(frozen=True, slots=True)
class Scalar:
    """A finished number; ``c_type`` is ``int32_t`` or ``float``."""

    value: int | float
    c_type: str = "int32_t"


@dataclass(frozen=True, slots=True)
class ArenaRef:
    """The address of a buffer."""

    buffer: str


@dataclass(frozen=True, slots=True)
class ConstantRef:
    """The address of a constant array; ``mutable`` casts const away where a C API asks so."""

    array: str
    mutable: bool = False


@dataclass(frozen=True, slots=True)
class Null:
    """The null pointer."""


@dataclass(frozen=True, slots=True)
class Struct:
    """A C struct, passed by address. Fields are scalars, references or nested structs."""

    c_type: str
    fields: Mapping[str, "Scalar | ArenaRef | ConstantRef | Null | Struct"]


Argument = Scalar | ArenaRef | ConstantRef | Null | Struct


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel invocation. ``returns_status`` tells whether a non-zero result is a failure."""

    function: str
    args: Sequence[Argument]
    returns_status: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One node, lowered: a call, the buffers it touches, and what reports say of it."""

    node: str
    op: str
    comment: str
    backend: str
    call: Call
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    scratch: Buffer | None
    macs: int
    weights_bytes: int
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """A model input or output: its name and type in the graph, and the buffer that holds it.

    ``halves_to_even`` says how floats become the integers of this type.
    """

    name: ValueName
    type: TensorType
    buffer: str
    layout: tuple[int, ...] | None = None
    halves_to_even: bool = False


@dataclass(frozen=True, slots=True)
class StateBuffer:
    """A buffer that keeps its content between runs; a reset fills its bytes with ``fill``."""

    buffer: str
    fill: int


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered model."""

    name: str
    cpu: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    buffers: Mapping[str, Buffer]
    constants: Mapping[str, ConstantArray]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = field(default=())
    states: tuple[StateBuffer, ...] = ()
