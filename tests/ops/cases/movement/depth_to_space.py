"""Depth to space and space to depth in both orders: blocks of 1 to 4, odd shapes, batches."""

from itertools import product

from ops.case import Case, int8, op_case

from edgec.ops.movement.depth_to_space import DepthToSpace, SpaceToDepth


def block_case(op: DepthToSpace | SpaceToDepth, shape: tuple[int, ...]) -> Case:
    kind = int8(shape, 0.1, -3)
    order = "_depth_first" if op.depth_first else ""
    name = f"{op.name}_b{op.block}{order}_{'x'.join(map(str, shape))}"
    return op_case(name, op, [kind], [kind.qparams], samples=1)


CASES = [
    *(
        block_case(DepthToSpace(block=b, depth_first=first), (n, 3, 5, b * b * c))
        for b, c, n, first in product((2, 3), (1, 3), (1, 2), (False, True))
    ),
    block_case(DepthToSpace(block=4), (1, 1, 1, 16)),
    block_case(DepthToSpace(block=1), (1, 3, 2, 5)),
    *(
        block_case(SpaceToDepth(block=b, depth_first=first), (n, 3 * b, 5 * b, c))
        for b, c, n, first in product((2, 3), (1, 4), (1, 2), (False, True))
    ),
    block_case(SpaceToDepth(block=4), (1, 4, 4, 1)),
]
