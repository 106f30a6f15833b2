"""Backends: which kernels there are, what they demand, and how a node becomes a call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

import edgec.backends
from edgec.discovery import import_all
from edgec.ir import Array, Graph, Node, Op, Signature, ValueName
from edgec.lir import ArenaRef, Buffer, Call, ConstantArray, ConstantRef, Null
from edgec.targets.cpu import CpuCore


@dataclass(frozen=True, slots=True)
class Request:
    """What a constraint may look at."""

    node: Node
    op: Op
    signature: Signature
    graph: Graph
    cpu: CpuCore

    def is_constant(self, index: int) -> bool:
        return index < len(self.node.inputs) and self.node.inputs[index] in self.graph.constants


Constraint = Callable[[Request], bool]
"""True where the kernel can do it. The docstring is the sentence users read where it cannot."""


@dataclass(eq=False)
class LoweringContext:
    """What a kernel needs to turn its node into a call; collects constants and scratch."""

    request: Request
    buffers: dict[ValueName, str]
    constants: dict[str, ConstantArray]
    scratch: Buffer | None = None
    _stored: set[str] = field(default_factory=set)

    @property
    def node(self) -> Node:
        return self.request.node

    @property
    def signature(self) -> Signature:
        return self.request.signature

    @property
    def cpu(self) -> CpuCore:
        return self.request.cpu

    def input(self, index: int) -> ArenaRef | ConstantRef:
        """Return the address of an input, wherever it lives."""
        value = self.node.inputs[index]
        data = self.request.graph.constants.get(value)
        return ArenaRef(self.buffers[value]) if data is None else self._store(value, data)

    def optional_input(self, index: int) -> ArenaRef | ConstantRef | Null:
        return self.input(index) if index < len(self.node.inputs) else Null()

    def output(self, index: int = 0) -> ArenaRef:
        return ArenaRef(self.buffers[self.node.outputs[index]])

    def constant_value(self, index: int) -> Array:
        """Return the array of an input that a constraint has shown to be constant."""
        return self.request.graph.constants[self.node.inputs[index]]

    def table(self, hint: str, data: Array, *, mutable: bool = False) -> ConstantRef:
        """Put an array that the compiler computed into flash; equal ones are there once."""
        equal = (each.name for each in self.constants.values() if _is_same(each.data, data))
        return self._store(next(equal, f"{self.node.name}/{hint}"), data, mutable=mutable)

    def shared_table(self, name: str, data: Array) -> ConstantRef:
        """Put a table into flash that every node may refer to, once for all."""
        return self._store(f"edgec/{name}", data)

    def scratch_buffer(self, size: int) -> ArenaRef | Null:
        """Reserve ``size`` bytes for the time of this call; Null for none."""
        if size == 0:
            return Null()
        self.scratch = Buffer(f"{self.node.name}/scratch", size)
        return ArenaRef(self.scratch.name)

    @property
    def weights_bytes(self) -> int:
        """Bytes of flash the node's constants take."""
        return sum(self.constants[name].data.nbytes for name in self._stored)

    def _store(self, name: str, data: Array, *, mutable: bool = False) -> ConstantRef:
        known = self.constants.get(name)
        if known is not None and not np.array_equal(known.data, data):
            message = f"two different constants called {name!r}"
            raise ValueError(message)
        self.constants[name] = ConstantArray(name, data)
        self._stored.add(name)
        return ConstantRef(name, mutable)


def _is_same(one: Array, other: Array) -> bool:
    return (one.dtype, one.shape) == (other.dtype, other.shape) and np.array_equal(one, other)


Lowering = Callable[[LoweringContext], Call]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A way to run one operator: constraints, and the function that makes the call."""

    backend: str
    op: type[Op]
    requires: tuple[Constraint, ...]
    lower: Lowering

    def rejections(self, request: Request) -> list[str]:
        """Return the sentences of the constraints that the node does not meet."""
        return [sentence(each) for each in self.requires if not each(request)]


def sentence(constraint: Constraint) -> str:
    """Return the user-facing sentence of a constraint: the first line of its docstring."""
    return (constraint.__doc__ or constraint.__name__).strip().splitlines()[0].rstrip(".")


KERNELS: dict[tuple[str, type[Op]], list[Kernel]] = {}


def kernel(
    backend: str, op: type[Op], *, requires: Sequence[Constraint] = ()
) -> Callable[[Lowering], Lowering]:
    """Register ``function(context) -> Call`` as a kernel of ``backend`` for ``op``."""

    def register(function: Lowering) -> Lowering:
        KERNELS.setdefault((backend, op), []).append(Kernel(backend, op, tuple(requires), function))
        return function

    return register


def kernels_for(backend: str, op: type[Op]) -> list[Kernel]:
    """Return the kernels of a backend for an operator, its own before those of classes above it."""
    return [each for base in op.__mro__ for each in KERNELS.get((backend, base), [])]


def load_all() -> None:
    """Import every module of every backend package."""
    import_all(edgec.backends)
