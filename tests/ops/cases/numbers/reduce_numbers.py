"""Totals of int32: axes in one and two runs, kept and not."""

from ops.case import Case, op_case
from ops.numbers import number

from edgec.ops.numbers.reduce_numbers import ReduceNumbers, Total

CASES: list[Case] = [
    op_case(
        f"reduce_numbers_{total}_{''.join(map(str, axes))}_{keep}",
        ReduceNumbers(total=total, axes=axes, keep_dims=keep),
        [number((2, 3, 4, 5))],
        [None],
    )
    for total in Total
    for axes in ((0,), (3,), (1, 2), (0, 2), (1, 3), (0, 1, 2, 3))
    for keep in (False, True)
]
