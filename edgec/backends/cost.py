"""What an offer would cost on a core: an estimate from shapes, before anything is compiled.

``instructions = call + read * elements read + output * outputs``, with rates per C function and
kind of core that benchmarks/kernel_rates.py measured in QEMU; cycles follow from a core's mean
cycles per instruction. Elements read are MACs where an operator has any (``Op.elements_read``).
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import median
from typing import Any

from edgec.backends.request import Request
from edgec.program import Call

TABLE = "kernel_rates.toml"


@dataclass(frozen=True, slots=True)
class Work:
    """What a node has to do, as far as its shapes say."""

    calls: int
    reads: int
    outputs: int

    @classmethod
    def of(cls, request: Request, calls: int) -> "Work":
        """Return the work of a node that makes so many calls."""
        signature = request.signature
        outputs = sum(each.elements for each in signature.outputs)
        return cls(calls, request.op.elements_read(signature), outputs)


@dataclass(frozen=True, slots=True)
class Rates:
    """Instructions of a function per call, per element read and per output."""

    call: float
    read: float
    output: float

    def instructions(self, work: Work) -> float:
        return self.call * work.calls + self.read * work.reads + self.output * work.outputs


@dataclass(frozen=True, slots=True)
class CoreRates:
    """The rates on a core: per backend and C function."""

    cycles_per_instruction: float
    functions: Mapping[str, Mapping[str, Rates]]

    def of(self, backend: str, function: str) -> Rates:
        """Return a function's rates; for one that was never measured, what its backend's have.

        The medians of all backends stand in for those of a backend that was not measured.
        """
        known = self.functions.get(backend, {})
        if function in known:
            return known[function]
        every = [each for rates in self.functions.values() for each in rates.values()]
        return _medians(known.values() or every)


def estimated_cycles(request: Request, backend: str, calls: Sequence[Call]) -> int | None:
    """Return the cycles of a node's calls; None for cores without a table, such as the host."""
    rates = core_rates().get(request.cpu.name)
    if rates is None:
        return None
    work = Work.of(request, len(calls))
    instructions = rates.of(backend, calls[0].function).instructions(work)
    return round(instructions * rates.cycles_per_instruction)


@cache
def core_rates() -> Mapping[str, CoreRates]:
    """Return the table that comes with edgec, by core."""
    stored = tomllib.loads(files("edgec.backends").joinpath(TABLE).read_text())
    return {
        name: CoreRates(core["cycles_per_instruction"], _functions(stored["rates"][core["like"]]))
        for name, core in stored["cores"].items()
    }


def _functions(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Rates]]:
    return {
        backend: {function: Rates(*numbers) for function, numbers in functions.items()}
        for backend, functions in stored.items()
    }


def _medians(known: Iterable[Rates]) -> Rates:
    each = list(known)
    return Rates(
        median(rates.call for rates in each),
        median(rates.read for rates in each),
        median(rates.output for rates in each),
    )
