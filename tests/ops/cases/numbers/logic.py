"""Logic: both operators, broadcasting, a constant operand."""

import numpy as np
from ops.case import Case, Constant, op_case
from ops.elementwise import BROADCASTS
from ops.numbers import boolean

from edgec.ops.numbers.logic import Logic

CASES: list[Case] = [
    *(
        op_case(
            f"logic_{'and' if both else 'or'}{i}",
            Logic(both=both),
            [boolean(a), boolean(b)],
            [None],
        )
        for both in (True, False)
        for i, (a, b) in enumerate(BROADCASTS)
    ),
    op_case(
        "logic_constant", Logic(), [boolean((3, 2)), Constant(np.array([True, False]))], [None]
    ),
]
