"""TopK: both directions, many equal elements, every element type."""

from ops.case import Case, int8, int16, op_case
from ops.numbers import number

from edgec.ir import QParams, TensorType
from edgec.ops.numbers.top_k import TopK

SCALE = QParams.per_tensor(0.05, 3)


def top_k_case(name: str, kind: TensorType, op: TopK) -> Case:
    """Return a case; the interpreter finds the largest only."""
    return op_case(f"top_k_{name}", op, [kind], [kind.qparams, None], oracle=not op.smallest)


CASES: list[Case] = [
    *(
        top_k_case(
            f"{kind.dtype.value}_{count}_{smallest}", kind, TopK(count=count, smallest=smallest)
        )
        for kind in (int8((3, 40), 0.05, 3), int16((3, 9), 0.1), number((3, 9)))
        for count in (1, 4, 9)
        for smallest in (False, True)
    ),
    top_k_case("many_equals", int8((2, 600), 0.05, 3), TopK(count=9)),
    top_k_case("one_row", int8((7,), 0.05, 3), TopK(count=7)),
    top_k_case("rank_4", int8((1, 2, 3, 5), 0.05, 3), TopK(count=2)),
]
