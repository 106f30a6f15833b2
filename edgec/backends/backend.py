"""A backend is one object: its offers, its sources, its headers. Nothing else knows it by name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import edgec.backends
from edgec.backends.kernel import registered_offers
from edgec.backends.offer import Offer, Rejection
from edgec.backends.request import Request
from edgec.discovery import import_all
from edgec.targets.cpu import Isa
from edgec.targets.target import Library, Target

Sources = Callable[[Iterable[str], Target], Mapping[str, bytes]]
"""C functions, target -> path below ``kernels/`` -> content of all files that these need."""

AUTO = "auto"


def _none(_isa: Isa) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Backend:
    """A library of kernels, and how the compiler gets at it.

    ``choice`` is what ``--kernels`` calls it; ``preference`` orders backends where several have a
    kernel, the smallest first, None where only ``choice`` brings it in. ``falls_back`` says whether
    the backends of ``auto`` do what it does not. ``headers`` are what the model's C file includes,
    ``include_folders`` where compilers find them, below ``kernels/``. ``folder`` holds third-party
    files, which our warnings do not apply to; "" where there are none. ``title`` is its full name.
    ``library`` finds the copy that is linked; it may be given a folder of the user's. Where the
    files choose what they do by macros, ``other_plans`` names those that may not be defined after
    ``headers`` in code that was planned for an instruction set. No model is called in C as the
    library's names begin: ``prefixes``.
    """

    name: str
    choice: str
    sources: Sources
    preference: int | None = None
    falls_back: bool = True
    headers: tuple[str, ...] = ()
    include_folders: tuple[str, ...] = ()
    folder: str = ""
    title: str = ""
    library: Callable[[Path | None], Library] | None = None
    prefixes: tuple[str, ...] = ()
    other_plans: Callable[[Isa], tuple[str, ...]] = _none
    offers: Callable[[Request], Sequence[Offer | Rejection]] | None = None

    def offers_for(self, request: Request) -> Sequence[Offer | Rejection]:
        """Return what its kernels say to a request: those registered, or its own ``offers``."""
        return (self.offers or partial(registered_offers, self.name))(request)


_BACKENDS: dict[str, Backend] = {}


def register(backend: Backend) -> Backend:
    """Add a backend; a package below ``edgec.backends`` does so when it is imported."""
    if backend.name in _BACKENDS:
        message = f"two backends are called {backend.name}"
        raise ValueError(message)
    _BACKENDS[backend.name] = backend
    return backend


def load_all() -> None:
    """Import every module of every backend package."""
    import_all(edgec.backends)


def backends() -> tuple[Backend, ...]:
    """Return all backends, the preferred ones first, then those that only a choice brings in."""
    load_all()
    key = lambda each: (each.preference is None, each.preference or 0, each.name)  # noqa: E731
    return tuple(sorted(_BACKENDS.values(), key=key))


def backend_named(name: str) -> Backend:
    load_all()
    return _BACKENDS[name]


def choices() -> tuple[str, ...]:
    """Return what ``--kernels`` may say."""
    return (AUTO, *(each.choice for each in backends()))


def preferred(choice: str) -> tuple[Backend, ...]:
    """Return the backends that ``--kernels CHOICE`` means, in order of preference."""
    automatic = tuple(each for each in backends() if each.preference is not None)
    if choice == AUTO:
        return automatic
    (chosen,) = (each for each in backends() if each.choice == choice)
    rest = automatic if chosen.falls_back else ()
    return (chosen, *(each for each in rest if each is not chosen))


def linked_libraries(
    wanted: Sequence[Backend], folders: Mapping[str, Path | None]
) -> tuple[Library, ...]:
    """Return the library of each backend that has one; ``folders`` has copies of the user's.

    Raises what the backends raise where their library is missing or not what it should be.
    """
    return tuple(
        each.library(folders.get(each.name)) for each in wanted if each.library is not None
    )
