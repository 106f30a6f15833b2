"""The walks that kernels make over merged axes, against NumPy's own on random shapes."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgec.backends.portable_c.movement.loops import broadcast_loops, merged_padding, permutation

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=6).map(tuple)


def visited(extents: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Return the element offsets a kernel visits, in order."""
    walk = product(*(range(extent) for extent in extents))
    return [sum(i * step for i, step in zip(index, strides, strict=True)) for index in walk]


@given(data=st.data(), output=shapes)
def test_broadcast_loops_visit_what_numpy_broadcasts(
    data: st.DataObject, output: tuple[int, ...]
) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(output), max_size=len(output)))
    rank = data.draw(st.integers(0, len(output)))
    small = tuple(n if keep else 1 for n, keep in zip(output, kept, strict=True))
    operand = small[len(output) - rank :]
    loops = broadcast_loops(output, [output, operand])
    for shape, steps in zip((output, operand), loops.steps, strict=True):
        indices = np.arange(int(np.prod(shape))).reshape(shape)
        assert visited(loops.extents, steps) == np.broadcast_to(indices, output).ravel().tolist()


def test_equal_shapes_are_one_loop() -> None:
    loops = broadcast_loops((2, 3, 4, 5, 6), [(2, 3, 4, 5, 6), (2, 3, 4, 5, 6)])
    assert loops.extents == (720,)


@given(data=st.data(), shape=shapes)
def test_permutation_visits_what_numpy_transposes(
    data: st.DataObject, shape: tuple[int, ...]
) -> None:
    perm = data.draw(st.permutations(range(len(shape))))
    walk = permutation(shape, perm)
    starts = visited(walk.extents, walk.strides)
    elements = [start + i for start in starts for i in range(walk.block)]
    indices = np.arange(int(np.prod(shape))).reshape(shape)
    assert elements == indices.transpose(perm).ravel().tolist()


def test_a_transpose_that_moves_nothing_is_one_block() -> None:
    walk = permutation((1, 7, 1, 3), (2, 0, 1, 3))
    assert (walk.extents, walk.block) == ((), 21)


@given(data=st.data(), shape=shapes)
def test_merged_padding_pads_the_same(data: st.DataObject, shape: tuple[int, ...]) -> None:
    pair = st.sampled_from([(0, 0), (0, 0), (1, 0), (0, 2), (2, 1)])
    pairs = data.draw(st.lists(pair, min_size=len(shape), max_size=len(shape)))
    x = np.arange(1, int(np.prod(shape)) + 1)
    extents, merged = merged_padding(shape, pairs)
    expected = np.pad(x.reshape(shape), pairs).ravel()
    assert np.pad(x.reshape(extents), merged).ravel().tolist() == expected.tolist()
    assert len(extents) <= 1 + sum(each != (0, 0) for each in pairs[1:])
