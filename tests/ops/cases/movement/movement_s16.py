"""Operators that only move elements, of int16: reshape, transpose, pad, concatenation, slices."""

import math

import numpy as np
from ops.case import Case, Constant, int16, op_case

from edgec.ir import Op, QParams
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.depth_to_space import DepthToSpace, SpaceToDepth
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.resize_nearest import ResizeNearest
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.tile import Tile
from edgec.ops.movement.transpose import Transpose

SCALE = 2e-4
IMAGE = ((0, 0), (1, 2), (2, 1), (0, 0))


def movement_case(name: str, op: Op, *shapes: tuple[int, ...]) -> Case:
    operands = [int16(shape, SCALE) for shape in shapes]
    return op_case(f"{name}_s16", op, operands, [QParams.per_tensor(SCALE)])


CASES = [
    movement_case("flatten", Reshape(shape=(1, 105)), (1, 3, 5, 7)),
    op_case(
        "reshape_constant_s16",
        Reshape(shape=(3, 7)),
        [Constant(np.arange(-1000, 1001, 100).astype(np.int16), QParams.per_tensor(SCALE))],
        [QParams.per_tensor(SCALE)],
    ),
    movement_case("transpose_nchw", Transpose(perm=(0, 3, 1, 2)), (2, 3, 4, 5)),
    movement_case("transpose_matrix", Transpose(perm=(1, 0)), (5, 17)),
    *(movement_case(f"pad_c{c}", Pad(paddings=IMAGE), (1, 3, 5, c)) for c in (1, 3, 8)),
    movement_case("pad_all", Pad(paddings=((1, 0), (0, 2), (3, 1), (1, 1))), (2, 3, 4, 5)),
    movement_case("pad_value", Pad(paddings=IMAGE, value=1.27), (1, 3, 5, 2)),
    movement_case("pad_infinite", Pad(paddings=IMAGE, value=-math.inf), (1, 3, 5, 2)),
    *(
        movement_case(
            f"concatenation{axis}",
            Concatenation(axis=axis),
            *(tuple(n if i == axis else 3 for i in range(4)) for n in (1, 2, 5)),
        )
        for axis in range(4)
    ),
    movement_case("slice", Slice(starts=(0, 1, 2), sizes=(1, 4, 3), steps=(1, 1, 1)), (1, 6, 7)),
    movement_case("slice_steps", Slice(starts=(1, 6), sizes=(2, 3), steps=(2, -2)), (5, 7)),
    *(
        movement_case(f"{label}_{first:d}", op(block=2, depth_first=first), shape)
        for label, op, shape in (
            ("depth_to_space", DepthToSpace, (2, 3, 5, 12)),
            ("space_to_depth", SpaceToDepth, (2, 6, 10, 3)),
        )
        for first in (False, True)
    ),
    movement_case("tile", Tile(repeats=(2, 1, 3)), (2, 3, 4)),
    movement_case("tile_channels", Tile(repeats=(1, 4, 5, 1)), (1, 1, 1, 9)),
    movement_case("gather", Gather(axis=1, indices=(3, 0, 0, 5)), (2, 6, 3)),
    movement_case(
        "resize_nearest", ResizeNearest(rows=(0, 0, 1, 1), columns=(0, 1, 1)), (1, 2, 2, 5)
    ),
]
