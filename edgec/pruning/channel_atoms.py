"""Atoms: one number for each channel of each value; those that go together are one class.

A class is removed as a whole or not at all. Atom 0, and all that is united with it, stays for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array

KEPT = 0


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a value: ``atoms`` [extent] along ``axis``, the same at all other places."""

    axis: int
    atoms: Array

    def spread(self, shape: Sequence[int]) -> Array:
        """Return the atom of every element of a value of ``shape``."""
        extent = [1] * len(shape)
        extent[self.axis] = -1
        return np.broadcast_to(self.atoms.reshape(extent), tuple(shape))


def channels_of(atoms: Array) -> Channels | None:
    """Return along which axis the atoms of a value's elements differ; None where not just one."""
    for axis in reversed(range(atoms.ndim)):
        line = np.moveaxis(atoms, axis, -1).reshape(-1, atoms.shape[axis])
        if line.size and (line == line[0]).all():
            return Channels(axis, line[0].copy())
    return None


@dataclass(eq=False)
class Atoms:
    """A union-find over atoms; the smallest of a class stands for it."""

    _parents: list[int] = field(default_factory=lambda: [KEPT])

    def new(self, count: int) -> Array:
        first = len(self._parents)
        self._parents += range(first, first + count)
        return np.arange(first, first + count)

    def unite(self, some: Array, others: Array) -> None:
        """Put the atoms at the same places of two arrays into one class each."""
        for one, other in zip(some.tolist(), others.tolist(), strict=True):
            low, high = sorted((self._root(one), self._root(other)))
            self._parents[high] = low

    def keep(self, atoms: Array) -> None:
        """Have these atoms never removed."""
        self.unite(atoms.ravel(), np.full(atoms.size, KEPT))

    def roots(self, atoms: Array) -> Array:
        """Return the class of each atom."""
        return np.array([self._root(atom) for atom in atoms.ravel().tolist()], np.int64).reshape(
            atoms.shape
        )

    def _root(self, atom: int) -> int:
        while self._parents[atom] != atom:
            self._parents[atom] = self._parents[self._parents[atom]]
            atom = self._parents[atom]
        return atom
