"""Which operators are supported: read from the registries, so that no list can go stale."""

import sys
from dataclasses import dataclass
from types import ModuleType

from edgec.backends import backend as backends
from edgec.backends.kernel import KERNELS, kernels_for, sentence
from edgec.frontends.importers import load_importers
from edgec.ops.catalog import operators
from edgec.ops.operator import Operator
from edgec.ops.registry import IMPORTERS, NUMBER_IMPORTERS, Format


@dataclass(frozen=True, slots=True)
class KernelSupport:
    """One kernel: its backend and the conditions under which it is chosen."""

    backend: str
    name: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperatorSupport:
    """One operator, what source formats call it, and its kernels (none where passes remove it)."""

    name: str
    summary: str
    onnx: tuple[str, ...]
    tflite: tuple[str, ...]
    kernels: tuple[KernelSupport, ...]


def supported_operators() -> list[OperatorSupport]:
    """Return all operators, sorted by name."""
    load_importers()
    backends.load_all()
    made = [_support(op) for op in operators()]
    return sorted([*made, *_folded()], key=lambda each: each.name)


def _support(op: type[Operator]) -> OperatorSupport:
    kernels = tuple(
        KernelSupport(backend, each.lower.__name__.strip("_"), tuple(map(sentence, each.requires)))
        for backend in sorted({backend for backend, _ in KERNELS})
        for each in kernels_for(backend, op)
    )
    summary = _summary(sys.modules[op.__module__])
    return OperatorSupport(
        op.name, summary, _names(op, Format.ONNX), _names(op, Format.TFLITE), kernels
    )


def _names(op: type[Operator], source: Format) -> tuple[str, ...]:
    found = [
        name
        for (kind, name), function in (*IMPORTERS.items(), *NUMBER_IMPORTERS.items())
        if kind is source and op in _made_by(sys.modules[function.__module__])
    ]
    return tuple(sorted(found))


def _made_by(module: ModuleType) -> list[type[Operator]]:
    """Return the operators an importer's module defines; where it defines none, those it uses."""
    known = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Operator) and hasattr(each, "name")
    ]
    own = [each for each in known if each.__module__ == module.__name__]
    return own or known


def _folded() -> list[OperatorSupport]:
    """Return source operators that leave no operator behind: constants."""
    names = {
        source: tuple(
            sorted(
                name
                for (kind, name), function in IMPORTERS.items()
                if kind is source and not _made_by(sys.modules[function.__module__])
            )
        )
        for source in Format
    }
    if not any(names.values()):
        return []
    summary = "Becomes a constant at compile time."
    return [OperatorSupport("constant", summary, names[Format.ONNX], names[Format.TFLITE], ())]


def _summary(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0] if module.__doc__ else ""
