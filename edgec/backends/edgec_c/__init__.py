"""Our own fast kernels: what a build proves of a layer's numbers makes its C short.

Only ``--kernels edgec`` brings them in so far, before the backends of ``auto``.
"""

from collections.abc import Iterable, Mapping

from edgec.backends.backend import Backend, register
from edgec.backends.runtime_sources import HEADER, closure
from edgec.targets.target import Target


def _sources(functions: Iterable[str], target: Target) -> Mapping[str, bytes]:
    return closure(functions)


BACKEND = register(Backend(name="edgec", choice="edgec", sources=_sources, headers=(HEADER,)))
