"""What is left of a model before it is printed as C: storages, constant arrays and kernel calls.

A :class:`Program` knows no templates and no file formats; backends make it, a schedule orders it,
the memory planner places its storages, code generation prints it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from edgec.ir import Array, TensorType, ValueName

STATE = "state"
"""What steps are called that keep a state for the next run."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes in the arena: a tensor, or the scratch memory of one step."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class View:
    """Bytes of a storage, from ``offset`` on: where a tensor lives, whole or as a part."""

    storage: str
    offset: int = 0


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
class OperandRef:
    """The address of what an offer reads or writes, ``offset`` bytes in, before that is placed.

    ``role`` is ``in0``, ``out0``, ``scratch`` and so on: a key of the placement.
    """

    role: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ArenaRef:
    """The address of a byte of a storage."""

    storage: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ConstantRef:
    """The address of an element of a constant array, ``offset`` elements in.

    ``mutable`` casts const away where a C API asks so.
    """

    array: str
    mutable: bool = False
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Null:
    """The null pointer."""


@dataclass(frozen=True, slots=True)
class Struct:
    """A C struct, passed by address. Fields are scalars, references or nested structs."""

    c_type: str
    fields: Mapping[str, "Scalar | OperandRef | ArenaRef | ConstantRef | Null | Struct"]


Argument = Scalar | OperandRef | ArenaRef | ConstantRef | Null | Struct


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel invocation. ``returns_status`` tells whether a non-zero result is a failure."""

    function: str
    args: Sequence[Argument]
    returns_status: bool = False

    def placed(self, views: Mapping[str, View], constants: Mapping[str, str]) -> "Call":
        """Return the call with addresses for roles, and the program's names for constants."""
        placed = [_placed(each, views, constants) for each in self.args]
        return replace(self, args=placed)


def _placed(
    argument: Argument, views: Mapping[str, View], constants: Mapping[str, str]
) -> Argument:
    match argument:
        case OperandRef(role=role, offset=offset):
            view = views[role]
            return ArenaRef(view.storage, view.offset + offset)
        case ConstantRef(array=array):
            return replace(argument, array=constants[array])
        case Struct(c_type=c_type, fields=fields):
            inner = {name: _placed(each, views, constants) for name, each in fields.items()}
            return Struct(c_type, inner)
        case _:
            return argument


@dataclass(frozen=True, slots=True)
class Overlap:
    """An output may lie over an input: the kernel walks both in ascending order.

    ``lag`` is the largest number of bytes that have been written before a byte of the input was
    read for the last time, less that byte's place: the output may start at ``lag`` bytes before the
    input or lower; 0 is in place. Both are roles, ``in0`` and ``out0``.
    """

    input: str
    output: str
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """A step's use of a storage: which bytes (``size`` of them from the view on), and how."""

    role: str
    view: View
    size: int
    writes: bool


@dataclass(frozen=True, slots=True)
class Considered:
    """An offer that a node had, as reports show it; why it was not chosen, or "" where it was.

    ``cycles`` is an estimate for the target, ``flash`` counts its constants, in bytes.
    """

    kernel: str
    backend: str
    cycles: int | None
    flash: int | None
    scratch: int | None
    chosen: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One or more nodes, lowered: calls, the bytes they touch, and what reports say of it.

    ``tile`` gives the calls for a range of ``rows`` alone, for kernels that can be run in parts;
    all rows in any order of parts make the whole.
    """

    node: str
    op: str
    comment: str
    backend: str
    calls: tuple[Call, ...]
    accesses: tuple[Access, ...]
    scratch: tuple[Storage, ...]
    macs: int
    weights_bytes: int
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    overlaps: tuple[Overlap, ...] = ()
    considered: tuple[Considered, ...] = ()
    rows: int = 1
    tile: Callable[[range], tuple[Call, ...]] | None = None

    @property
    def function(self) -> str:
        """The C function that does the work: the first that is called."""
        return self.calls[0].function

    @property
    def scratch_bytes(self) -> int:
        return sum(each.size for each in self.scratch)

    @property
    def reads(self) -> tuple[str, ...]:
        """The storages that are read."""
        return tuple(each.view.storage for each in self.accesses if not each.writes)

    @property
    def writes(self) -> tuple[str, ...]:
        """The storages that are written."""
        return tuple(each.view.storage for each in self.accesses if each.writes)

    def may_overlap(self) -> Iterator[tuple[str, str, int]]:
        """Yield storage read, storage written and lag of every pair that may overlap."""
        at = {each.role: each.view.storage for each in self.accesses}
        for each in self.overlaps:
            if each.input in at and each.output in at:
                yield at[each.input], at[each.output], each.lag


@dataclass(frozen=True, slots=True)
class Port:
    """A model input or output: its name and type in the graph, and where it lives.

    ``halves_to_even`` says how floats become the integers of this type. An output that is always
    the same lives in flash: ``constant`` is the name of its array, ``view`` is None.
    """

    name: ValueName
    type: TensorType
    view: View | None
    layout: tuple[int, ...] | None = None
    halves_to_even: bool = False
    constant: str = ""


@dataclass(frozen=True, slots=True)
class StateStorage:
    """A storage that keeps its content between runs; a reset fills its bytes with ``fill``."""

    storage: str
    fill: int


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered model: what runs, on what, in an order that is right if not the best."""

    name: str
    cpu: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    storages: Mapping[str, Storage]
    constants: Mapping[str, ConstantArray]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = field(default=())
    states: tuple[StateStorage, ...] = ()

    def port_storages(self, ports: Sequence[Port]) -> tuple[str, ...]:
        """Return the storages of inputs or outputs; constants have none."""
        return tuple(each.view.storage for each in ports if each.view is not None)
