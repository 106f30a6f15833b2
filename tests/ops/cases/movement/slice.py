"""Slice: fronts, backs, single elements, steps, backwards; ranks 1 to 5."""

from ops.case import Case, int8, op_case

from edgec.ops.movement.slice import Slice


def slice_case(name: str, shape: tuple[int, ...], *cuts: tuple[int, int, int, int]) -> Case:
    """Return a slice; a cut is axis, start, size, step."""
    op = Slice.whole(shape)
    for axis, start, size, step in cuts:
        op = op.along(axis, start, size, step)
    kind = int8(shape, 0.1, -3)
    return op_case(f"slice_{name}", op, [kind], [kind.qparams], samples=1)


IMAGE = (2, 5, 6, 7)
CASES = [
    *(slice_case(f"first_of_axis{axis}", IMAGE, (axis, 0, 1, 1)) for axis in range(4)),
    *(slice_case(f"last_of_axis{axis}", IMAGE, (axis, IMAGE[axis] - 1, 1, 1)) for axis in range(4)),
    *(slice_case(f"reverse_axis{axis}", IMAGE, (axis, IMAGE[axis] - 1, IMAGE[axis], -1))
      for axis in range(4)),
    *(slice_case(f"even_of_axis{axis}", IMAGE, (axis, 0, (IMAGE[axis] + 1) // 2, 2))
      for axis in range(4)),
    slice_case("inner", IMAGE, (1, 1, 3, 1), (2, 2, 3, 1), (3, 3, 2, 1)),
    slice_case("odd_backwards", IMAGE, (1, 4, 2, -2), (2, 5, 3, -2), (3, 6, 3, -3)),
    slice_case("back_to_the_middle", IMAGE, (2, 5, 3, -1)),
    slice_case("whole", IMAGE),
    slice_case("channels", (1, 4, 4, 16), (3, 8, 8, 1)),
    slice_case("rows", (1, 9, 4, 3), (1, 2, 5, 1)),
    slice_case("vector", (17,), (0, 3, 9, 1)),
    slice_case("vector_steps", (17,), (0, 15, 5, -3)),
    slice_case("matrix", (5, 9), (0, 1, 2, 2), (1, 2, 4, 1)),
    slice_case("rank5", (2, 3, 4, 3, 2), (0, 1, 1, 1), (2, 3, 2, -2), (4, 1, 1, 1)),
]  # fmt: skip
