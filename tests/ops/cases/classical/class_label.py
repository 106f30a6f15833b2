"""Labels: the first of equal scores, NaN left out, one score against a threshold."""

from ops.case import Case, op_case

from edgec.ir import TensorType
from edgec.ops.classical.class_label import ClassLabel


def label_case(name: str, shape: tuple[int, ...], op: ClassLabel) -> Case:
    return op_case(f"label_{name}", op, [TensorType(shape)], oracle=False)  # not in TFLite


CASES = [
    label_case("of_three", (1, 3), ClassLabel(labels=(5, -7, 2**31 - 1))),
    label_case("rows", (6, 4), ClassLabel(labels=(0, 1, 2, 3))),
    label_case("of_one", (5,), ClassLabel(labels=(9, 8, 7, 6, 5))),
    label_case("above_half", (3, 1), ClassLabel(labels=(0, 1), column=0, threshold=0.5)),
    label_case("above_zero", (8, 2), ClassLabel(labels=(-1, 1), column=1)),
]
