"""Arithmetic of axis permutations. ``x.transpose(p)`` has old axis ``p[i]`` as new axis i."""

from collections.abc import Sequence

Perm = tuple[int, ...]


def identity(rank: int) -> Perm:
    return tuple(range(rank))


def compose(first: Sequence[int], second: Sequence[int]) -> Perm:
    """Return p with ``x.transpose(p) == x.transpose(first).transpose(second)``."""
    return tuple(first[axis] for axis in second)


def inverse(perm: Sequence[int]) -> Perm:
    """Return p with ``x.transpose(perm).transpose(p) == x``."""
    return tuple(perm.index(axis) for axis in range(len(perm)))


def permuted(shape: Sequence[int], perm: Sequence[int]) -> tuple[int, ...]:
    return tuple(shape[axis] for axis in perm)


def moves_no_data(shape: Sequence[int], perm: Sequence[int]) -> bool:
    """Tell whether transposing a tensor of ``shape`` leaves its elements in their order."""
    order = [axis for axis in perm if shape[axis] != 1]
    return order == sorted(order)


def is_unit_reshape(old: Sequence[int], new: Sequence[int]) -> bool:
    """Tell whether two shapes differ in axes of extent 1 only."""
    return [extent for extent in old if extent != 1] == [extent for extent in new if extent != 1]


def through_unit_reshape(old: Sequence[int], new: Sequence[int], perm: Sequence[int]) -> Perm:
    """Return a permutation of ``new`` that orders its elements as ``perm`` does those of ``old``.

    The shapes differ in axes of extent 1 only. Channels-last is preferred where it fits.
    """
    old_axes = [axis for axis, extent in enumerate(old) if extent != 1]
    new_axes = [axis for axis, extent in enumerate(new) if extent != 1]
    order = [new_axes[old_axes.index(axis)] for axis in perm if old[axis] != 1]
    for candidate in (identity(len(new)), channels_last(len(new))):
        if [axis for axis in candidate if new[axis] != 1] == order:
            return candidate
    for axis, extent in enumerate(new):
        if extent == 1:
            order.insert(order.index(axis - 1) + 1 if axis else 0, axis)
    return tuple(order)


def channels_last(rank: int) -> Perm:
    """Return the permutation [N,C,...] -> [N,...,C]; the identity below three axes."""
    return identity(rank) if rank < 3 else (0, *range(2, rank), 1)  # noqa: PLR2004
