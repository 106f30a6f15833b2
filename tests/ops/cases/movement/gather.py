"""Gather: every axis, repeated and unordered places, one element, ranks 1 to 5."""

from ops.case import Case, int8, op_case

from edgec.ops.movement.gather import Gather


def gather_case(name: str, shape: tuple[int, ...], axis: int, *indices: int) -> Case:
    kind = int8(shape, 0.1, -3)
    op = Gather(axis=axis, indices=indices)
    return op_case(f"gather_{name}", op, [kind], [kind.qparams], samples=1)


CASES = [
    *(gather_case(f"axis{axis}", (2, 3, 4, 5), axis, 1, 0, 1, 1) for axis in range(4)),
    gather_case("one", (2, 3, 4, 5), 2, 3),
    gather_case("vector", (9,), 0, 8, 3, 5, 0, 0, 7),
    gather_case("rows", (7, 13), 0, 6, 1, 1, 4),
    gather_case("shuffled_channels", (1, 4, 3, 8), 3, 0, 4, 1, 5, 2, 6, 3, 7),
    gather_case("rank5", (2, 3, 4, 3, 2), 2, 3, 0, 2),
]
