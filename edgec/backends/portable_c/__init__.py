"""Kernels in plain C: every operator, any core, the host."""

from collections.abc import Iterable, Mapping

from edgec.backends.backend import Backend, register
from edgec.backends.runtime_sources import HEADER, closure
from edgec.targets.target import Target


def _sources(functions: Iterable[str], target: Target) -> Mapping[str, bytes]:
    return closure(functions)


BACKEND = register(
    Backend(
        name="portable_c",
        choice="portable",
        sources=_sources,
        preference=100,  # last: it does what nothing faster does
        falls_back=False,
        headers=(HEADER,),
    )
)
