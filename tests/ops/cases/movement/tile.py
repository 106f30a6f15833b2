"""Tile: each axis alone, several, axes of extent 1 (broadcasts), ranks 1 to 4."""

from ops.case import Case, int8, op_case

from edgec.ops.movement.tile import Tile


def tile_case(name: str, shape: tuple[int, ...], repeats: tuple[int, ...]) -> Case:
    kind = int8(shape, 0.1, -3)
    return op_case(f"tile_{name}", Tile(repeats=repeats), [kind], [kind.qparams], samples=1)


CASES = [
    *(
        tile_case(f"axis{axis}", (2, 3, 4, 5), tuple(3 if i == axis else 1 for i in range(4)))
        for axis in range(4)
    ),
    tile_case("image", (1, 3, 4, 2), (1, 2, 2, 1)),
    tile_case("all_axes", (2, 3, 2), (2, 2, 3)),
    tile_case("vector", (5,), (4,)),
    tile_case("row_to_matrix", (1, 7), (6, 1)),
    tile_case("column_to_matrix", (7, 1), (1, 6)),
    tile_case("one_to_image", (1, 1, 1, 1), (2, 3, 4, 5)),
    tile_case("channels_over_image", (1, 1, 1, 9), (1, 4, 5, 1)),
]
