"""What a program is made for: all that a decision on kernels, memory or cost may look at.

No decision reads a global: what is not in the target cannot change a build.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from edgec.targets.architecture import Architecture
from edgec.targets.board import Board, MemoryRegion
from edgec.targets.cpu import ARCHITECTURES, CPUS, CpuCore


class Library(Protocol):
    """A library of kernels that is linked: one copy, in one version."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def revision(self) -> str:
        """The version, as the library itself states it."""
        ...

    @property
    def sha256(self) -> str:
        """A hash over all of it: two copies that say the same revision may still differ."""
        ...


L = TypeVar("L", bound=Library)


@dataclass(frozen=True)
class Target:
    """A core, the memories around it, and the libraries that are linked.

    ``memories`` is empty where no board is meant: the host, and questions about a core alone.
    """

    core: CpuCore
    memories: tuple[MemoryRegion, ...] = ()
    libraries: tuple[Library, ...] = ()

    @classmethod
    def of_board(cls, board: Board, *libraries: Library) -> "Target":
        """Return the target that a board is."""
        return cls(board.core, board.memory, libraries)

    @classmethod
    def of_core(cls, name: str, *libraries: Library) -> "Target":
        """Return a target that is a core alone, by its key in :data:`edgec.targets.cpu.CPUS`."""
        return cls(CPUS[name], (), libraries)

    @property
    def architecture(self) -> Architecture:
        """The family of processors: its tools, port and emulator."""
        return ARCHITECTURES[self.core.architecture]

    def library(self, kind: type[L]) -> L | None:
        """Return the linked library of a kind; None where it is not linked."""
        return next((each for each in self.libraries if isinstance(each, kind)), None)
