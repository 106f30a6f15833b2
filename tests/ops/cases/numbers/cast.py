"""Casts: every pair of types; floats within the range of integers, beyond it C leaves it open."""

from itertools import product

from ops.case import Case, int8, int16, op_case
from ops.numbers import boolean, number

from edgec.ir import DType, QParams, TensorType
from edgec.ops.numbers.cast import Cast

SHAPE = (3, 17)
SOURCES = (
    boolean(SHAPE),
    int8(SHAPE, 0.05, 3),
    int16(SHAPE, 0.05),
    number(SHAPE),
    TensorType(SHAPE, DType.INT64),
)
TARGETS = (DType.BOOL, DType.UINT8, DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


def scale(target: DType) -> QParams | None:
    """Return a quantization for types that never are without one."""
    return QParams.per_tensor(0.05) if target in {DType.INT8, DType.INT16} else None


CASES: list[Case] = [
    *(
        op_case(
            f"cast_{source.dtype.value}_{target.value}",
            Cast(dtype=target),
            [source],
            [scale(target)],
        )
        for source, target in product(SOURCES, TARGETS)
        if (source.dtype, target) != (DType.INT64, DType.FLOAT32)
    ),
    *(
        op_case(
            f"cast_float32_{target.value}",
            Cast(dtype=target),
            [TensorType(SHAPE, DType.FLOAT32)],
            [scale(target)],
            oracle=target
            not in {DType.INT8, DType.UINT8},  # 1000 is beyond it: TFLite's result is undefined
        )
        for target in TARGETS
    ),
]
