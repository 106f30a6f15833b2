"""Comparisons: every relation, int8 of two scales, integers and truth values as they are."""

import numpy as np
from ops.case import Case, Constant, int8, int16, op_case
from ops.elementwise import BROADCASTS
from ops.numbers import boolean, number

from edgec.ops.numbers.compare import Compare, Relation

FEW = (4, 8)


def few_numbers(shape: tuple[int, ...]) -> Constant:
    """Return a constant of small numbers."""
    return Constant(np.arange(np.prod(shape)).reshape(shape).astype(np.int32) - 2)


CASES: list[Case] = [
    *(
        op_case(
            f"compare_{relation}_{kind.dtype.value}",
            Compare(relation=relation),
            [kind, kind],
            [None],
        )
        for relation in Relation
        for kind in (number(FEW), int8(FEW, 0.05, 3))
    ),
    *(
        op_case(
            f"compare_{relation}_scales{i}",
            Compare(relation=relation),
            [int8((2, 300), *a), int8((2, 300), *b)],
            [None],
        )
        for relation in Relation
        for i, (a, b) in enumerate(
            [((0.05, 3), (0.07, -5)), ((0.9, 127), (0.0001, -128)), ((0.004, 0), (0.004, 1))]
        )
    ),
    *(
        op_case(
            f"compare_{relation}_in_steps_{kind.dtype.value}",
            Compare(relation=relation, in_steps=True),
            [kind, kind],
            [None],
        )
        for relation in Relation
        for kind in (int8(FEW, 0.0003, 3), int16(FEW, 0.001))
    ),
    *(
        op_case(
            f"compare_int16_{relation}", Compare(relation=relation), [int16(FEW, 0.1)] * 2, [None]
        )
        for relation in Relation
    ),
    *(
        op_case(f"compare_bool_{relation}", Compare(relation=relation), [boolean(FEW)] * 2, [None])
        for relation in (Relation.EQUAL, Relation.NOT_EQUAL)
    ),
    *(
        op_case(
            f"compare_broadcast{i}", Compare(relation=Relation.LESS), [number(a), number(b)], [None]
        )
        for i, (a, b) in enumerate(BROADCASTS)
    ),
    *(
        op_case(
            f"compare_broadcast_rescaled{i}",
            Compare(relation=Relation.LESS_EQUAL),
            [int8(a, 0.05, 3), int8(b, 0.03, -7)],
            [None],
        )
        for i, (a, b) in enumerate(BROADCASTS)
    ),
    op_case(
        "compare_constant",
        Compare(relation=Relation.LESS),
        [number((3, 4)), few_numbers((4,))],
        [None],
    ),
    op_case(
        "compare_constant_of_truth_values",
        Compare(relation=Relation.EQUAL),
        [boolean((3, 4)), Constant(np.array([True, False, True, True]))],
        [None],
    ),
]
