"""Running sums: axes, directions, with and without the element, every element type."""

from itertools import product

from ops.case import Case, int8, int16, op_case
from ops.numbers import number

from edgec.ir import QParams
from edgec.ops.numbers.cum_sum import CumSum

WAYS = list(product((False, True), (False, True)))

CASES: list[Case] = [
    *(
        op_case(
            f"cum_sum_axis{axis}_{exclusive}_{reverse}",
            CumSum(axis=axis, exclusive=exclusive, reverse=reverse),
            [int8((2, 5, 3), 0.05, 3)],
            [QParams.per_tensor(0.13, -9)],
            oracle=False,  # TFLite has no CUMSUM of int8
        )
        for axis in range(3)
        for exclusive, reverse in WAYS
    ),
    *(
        op_case(
            f"cum_sum_scale{i}",
            CumSum(axis=1),
            [int8((1, 700), 0.05, -128)],
            [QParams.per_tensor(scale, zero_point)],
            oracle=False,  # as above
        )
        for i, (scale, zero_point) in enumerate([(0.0002, 0), (0.05, 127), (4.0, -128)])
    ),
    *(
        op_case(
            f"cum_sum_int16_{exclusive}_{reverse}",
            CumSum(axis=1, exclusive=exclusive, reverse=reverse),
            [int16((2, 50), 0.01)],
            [QParams.per_tensor(0.2)],
            oracle=False,  # nor of int16
        )
        for exclusive, reverse in WAYS
    ),
    *(
        op_case(
            f"cum_sum_int32_{exclusive}_{reverse}",
            CumSum(axis=0, exclusive=exclusive, reverse=reverse),
            [number((6, 4))],
            [None],
            oracle=False,  # the interpreter's reference kernels lack CUMSUM
        )
        for exclusive, reverse in WAYS
    ),
]
