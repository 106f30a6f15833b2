"""Transpose: all orders of four axes, channels to and fro, ranks 1 to 6."""

from itertools import permutations

from ops.case import Case, int8, op_case

from edgec.ops.movement.transpose import Transpose


def transpose_case(name: str, shape: tuple[int, ...], perm: tuple[int, ...]) -> Case:
    kind = int8(shape, 0.1, -3)
    return op_case(f"transpose_{name}", Transpose(perm=perm), [kind], [kind.qparams], samples=1)


CASES = [
    *(
        transpose_case("".join(map(str, perm)), (2, 3, 4, 5), perm)
        for perm in permutations(range(4))
    ),
    transpose_case("vector", (9,), (0,)),
    transpose_case("matrix", (5, 17), (1, 0)),
    transpose_case("ones", (1, 7, 1, 3), (2, 3, 0, 1)),
    transpose_case("to_channels_last", (1, 17, 3, 5), (0, 2, 3, 1)),
    transpose_case("to_channels_first", (1, 3, 5, 17), (0, 3, 1, 2)),
    transpose_case("rank5", (2, 3, 2, 3, 2), (4, 1, 3, 0, 2)),
    transpose_case("rank6", (2, 3, 2, 3, 2, 2), (5, 1, 3, 0, 4, 2)),
]
