"""Bilinear resizing of int16, whose sums do not fit 32 bits."""

from itertools import product

from ops.case import int16, op_case
from ops.cases.movement.resize import GRIDS, SIZES

from edgec.ops.movement.resize_bilinear import ResizeBilinear

CASES = [
    op_case(
        f"resize_bilinear_s16_{i}_{grid}",
        ResizeBilinear(size=size, align_corners=align, half_pixel_centers=half),
        [int16(shape, 2e-4)],
        [int16(shape, 2e-4).qparams],
    )
    for (i, (shape, size)), (grid, (align, half)) in product(enumerate(SIZES), GRIDS.items())
]
