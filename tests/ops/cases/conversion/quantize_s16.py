"""Quantize and dequantize int16: to and from floats, int8, and int16 of other scales."""

import numpy as np
from ops.case import Case, Constant, int8, int16, op_case

from edgec.ir import DType, QParams, TensorType
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize

SHAPE = (1, 7, 5, 3)


def quantize_case(name: str, source: TensorType, target: QParams, dtype: DType) -> Case:
    return op_case(f"quantize_{name}", Quantize(dtype=dtype), [source], [target], samples=5)


def to_int16(name: str, source: TensorType, scale: float) -> Case:
    return quantize_case(f"{name}_s16", source, QParams.per_tensor(scale), DType.INT16)


CASES = [
    *(to_int16(f"f32_n{n}", TensorType((1, n)), 2e-4) for n in (1, 3, 16, 17)),
    *(to_int16(f"f32_scale{i}", TensorType((2, 3, 40)), 1e-5 * 7.1**i) for i in range(6)),
    op_case(
        "quantize_f32_s16_ties",
        Quantize(dtype=DType.INT16),
        [Constant((np.arange(-700, 701) * 52.5).astype(np.float32))],
        [QParams.per_tensor(1.0)],
    ),
    *(
        to_int16(f"s16_{i}", int16(SHAPE, source), target)
        for i, (source, target) in enumerate(
            ((1e-4, 1e-4), (1e-4, 2e-4), (2e-4, 1e-4), (1e-3, 1e-6), (1e-6, 1e-3), (0.012, 0.0171))
        )
    ),
    *(
        to_int16(f"s8_{i}", int8((1, 700), scale, zero), target)
        for i, (scale, zero, target) in enumerate(
            ((0.05, 3, 2e-4), (0.05, -128, 4e-4), (0.01, 127, 1e-5), (1e-4, 0, 1e-3))
        )
    ),
    *(
        quantize_case(f"s16_s8_{i}", int16(SHAPE, scale), QParams.per_tensor(*target), DType.INT8)
        for i, (scale, target) in enumerate(
            ((2e-4, (0.05, 3)), (2e-4, (0.05, -128)), (1e-3, (1e-4, 127)), (1e-6, (0.1, 5)))
        )
    ),
    *(
        op_case(f"dequantize_s16_{i}", Dequantize(), [int16((1, 3, 5, 17), 3e-7 * 9.7**i)])
        for i in range(6)
    ),
]
