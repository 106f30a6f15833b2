"""Scores of classes: every transform behind every pair, near zero and far from it."""

from ops.case import Case, op_case

from edgec.ir import TensorType
from edgec.ops.classical.class_scores import ClassScores, Pair, Transform


def scores_case(shape: tuple[int, ...], pair: Pair, transform: Transform, column: int = 0) -> Case:
    name = f"scores_{'x'.join(map(str, shape))}_{pair.value}_{transform.value.lower()}_{column}"
    op = ClassScores(pair=pair, transform=transform, column=column)
    return op_case(name, op, [TensorType(shape)], samples=8, oracle=False)  # not in TFLite


CASES = [
    *(scores_case((3, 1), pair, transform) for pair in Pair for transform in Transform),
    *(scores_case((2, 6), Pair.NONE, transform) for transform in Transform),
    scores_case((2, 2), Pair.COMPLEMENT, Transform.NONE, column=1),
]
