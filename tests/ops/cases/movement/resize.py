"""Resizing, nearest and bilinear: up, down, to one pixel and from one, all grids TFLite knows."""

from itertools import product

from ops.case import Case, int8, op_case

from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.movement.resize_nearest import ResizeNearest, tflite_places

GRIDS = {"front": (False, False), "center": (False, True), "corner": (True, False)}
SIZES = [
    ((1, 4, 5, 3), (8, 10)),
    ((1, 4, 5, 3), (7, 3)),
    ((1, 7, 9, 4), (3, 4)),
    ((2, 3, 2, 1), (9, 5)),
    ((1, 1, 1, 5), (3, 4)),
    ((1, 6, 5, 2), (1, 1)),
    ((1, 1, 8, 3), (1, 19)),
    ((1, 5, 5, 2), (5, 5)),
]


def resize_cases(shape: tuple[int, int, int, int], size: tuple[int, int], grid: str) -> list[Case]:
    align, half = GRIDS[grid]
    kind = int8(shape, 0.1, -3)
    label = f"{'x'.join(map(str, shape))}_to_{size[0]}x{size[1]}_{grid}"
    flags = {"align_corners": align, "half_pixel_centers": half}
    rows, columns = (tflite_places(shape[1 + i], size[i], **flags) for i in (0, 1))
    nearest = ResizeNearest(rows=rows, columns=columns)
    bilinear = ResizeBilinear(size=size, **flags)
    return [
        op_case(f"resize_nearest_{label}", nearest, [kind], [kind.qparams], samples=1),
        op_case(f"resize_bilinear_{label}", bilinear, [kind], [kind.qparams], samples=4),
    ]


def odd_places(name: str, rows: tuple[int, ...], columns: tuple[int, ...]) -> Case:
    """Return a case that no mode of RESIZE_NEAREST_NEIGHBOR expresses: it is exported as GATHER."""
    kind = int8((1, 4, 5, 3), 0.1, -3)
    op = ResizeNearest(rows=rows, columns=columns)
    return op_case(f"resize_nearest_{name}", op, [kind], [kind.qparams], samples=1)


CASES = [
    *(case for (s, size), grid in product(SIZES, GRIDS) for case in resize_cases(s, size, grid)),
    odd_places("odd_places", (0, 2, 2, 3), (4, 0, 1)),
    odd_places("ceil", (0, 1, 1, 2, 2, 3, 3, 3), (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)),
]
