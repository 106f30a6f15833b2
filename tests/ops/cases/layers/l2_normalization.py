"""Rows divided by their length: short and long ones, tiny and saturating, any zero point."""

from ops.case import Case, int8, op_case

from edgec.ir import QParams
from edgec.ops.layers.l2_normalization import L2Normalization

OUTPUT = QParams.per_tensor(1 / 128, 0)


def row_case(name: str, shape: tuple[int, ...], zero_point: int = 3) -> Case:
    kind = int8(shape, 0.1, zero_point)
    return op_case(f"l2_normalization_{name}", L2Normalization(), [kind], [OUTPUT], samples=6)


CASES = [
    *(row_case(f"row{n}", (3, n)) for n in (1, 2, 3, 4, 5, 8, 17, 64, 255, 2000)),
    *(row_case(f"zero{zero}", (40, 3), zero) for zero in (-128, -127, 0, 126, 127)),
    *(row_case(f"single{zero}", (300, 1), zero) for zero in (-128, 127)),
    row_case("image", (1, 3, 5, 6)),
    row_case("longest", (1, 33025), -128),
]
