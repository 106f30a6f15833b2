"""Gather at run time: axes, batches, element types, places outside."""

import numpy as np
from ops.case import Case, Operand, int8, int16, op_case
from ops.numbers import boolean, number

from edgec.ir import GraphBuilder, QParams, TensorType
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.ops.numbers.gather_rows import GatherRows

SCALE = QParams.per_tensor(0.05, 3)


def gather_case(
    name: str, op: GatherRows, x: Operand, indices: TensorType, qparams: QParams | None = SCALE
) -> Case:
    """Return a case whose indices are anything: the interpreter refuses those outside."""
    return op_case(f"gather_rows_{name}", op, [x, indices], [qparams], oracle=False)


def within_case(name: str, op: GatherRows, x: TensorType, shape: tuple[int, ...]) -> Case:
    """Return a case whose indices are within x, or up to its extent below 0 where they wrap."""
    g = GraphBuilder(name)
    table, numbers = g.input("x0", x), g.input("x1", number(shape))
    extent = x.shape[op.axis]
    divisor = g.constant("extent", np.array(extent * (2 if op.wraps else 1), np.int32))
    places = g.add1(Arithmetic(calculation=Calculation.FLOOR_MOD), numbers, divisor, name="mod")
    if op.wraps:
        shift = g.constant("shift", np.array(extent, np.int32))
        places = g.add1(Arithmetic(calculation=Calculation.SUB), places, shift, name="below")
    results = g.add(op, [table, places], name="node", qparams=[x.qparams])
    return Case(f"gather_rows_{name}", g.build(results))


X = int8((2, 3, 5), 0.05, 3)
CASES: list[Case] = [
    *(gather_case(f"axis{axis}", GatherRows(axis=axis), X, number((7, 2))) for axis in range(3)),
    *(
        gather_case(f"wraps{axis}", GatherRows(axis=axis, wraps=True), X, number((4,)))
        for axis in range(3)
    ),
    gather_case("scalar", GatherRows(axis=1), X, number(())),
    gather_case("batch", GatherRows(axis=1, batch_dims=1), X, number((2, 6))),
    gather_case("batches", GatherRows(axis=2, batch_dims=2), X, number((2, 3, 2))),
    gather_case("batch_inner", GatherRows(axis=2, batch_dims=1), X, number((2, 4))),
    *(
        within_case(f"within{axis}_{wraps}", GatherRows(axis=axis, wraps=wraps), X, (4, 2))
        for axis in range(3)
        for wraps in (False, True)
    ),
    within_case("within_batch", GatherRows(axis=1, batch_dims=1), X, (2, 6)),
    within_case("within_batches", GatherRows(axis=2, batch_dims=2), X, (2, 3, 2)),
    within_case("within_batch_inner", GatherRows(axis=2, batch_dims=1), X, (2, 4)),
    within_case("within_int16", GatherRows(), int16((4, 3), 0.1), (5,)),
    within_case("within_bool", GatherRows(), boolean((4, 3)), (5,)),
    gather_case("int16", GatherRows(), int16((4, 3), 0.1), number((5,)), QParams.per_tensor(0.1)),
    gather_case("int32", GatherRows(), number((4, 3)), number((5,)), None),
    gather_case("bool", GatherRows(axis=1), boolean((4, 3)), number((5,)), None),
]
