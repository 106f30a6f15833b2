"""Quantize between the integers of the door: uint8, int16 and int32, and what is inside."""

from ops.case import Case, op_case

from edgec.ir import DType, QParams, TensorType
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize

SHAPE = (1, 7, 5, 3)
Quantization = tuple[float, int]


def door_case(
    name: str, source: DType, target: DType, q: Quantization, to: Quantization, samples: int = 5
) -> Case:
    kind = TensorType(SHAPE, source, QParams.per_tensor(*q))
    op = Quantize(dtype=target)
    qparams = [QParams.per_tensor(*to)]
    return op_case(
        f"door_{source.value}_{target.value}_{name}", op, [kind], qparams, samples=samples
    )


BYTES = (DType.UINT8, DType.INT8)
PAIRS = (
    (DType.UINT8, DType.INT8),
    (DType.INT8, DType.UINT8),
    (DType.UINT8, DType.UINT8),
    (DType.INT16, DType.INT32),
    (DType.INT32, DType.INT8),
    (DType.INT32, DType.INT16),
)
ZERO = {DType.UINT8: 132, DType.INT8: -9, DType.INT16: 0, DType.INT32: 17}


CASES = [
    *(
        door_case(f"factor{i}", a, b, (0.0173 * 4.3**i, ZERO[a]), (0.71, ZERO[b]))
        for a, b in PAIRS
        for i in range(6)
    ),
    *(door_case("same", a, b, (0.1, ZERO[a]), (0.1, ZERO[b])) for a, b in PAIRS),
    door_case("pixels", DType.UINT8, DType.INT8, (1 / 255, 0), (1 / 255, -128)),
    door_case("middle", DType.UINT8, DType.INT8, (0.0078125, 128), (0.0078125, 0)),
    door_case("probability", DType.INT8, DType.UINT8, (1 / 256, -128), (1 / 256, 0)),
    door_case("top", DType.UINT8, DType.INT8, (0.04, 255), (0.04, 127)),
    *(
        op_case(
            f"dequantize_uint8_zero{zero}",
            Dequantize(),
            [TensorType((3, n), DType.UINT8, QParams.per_tensor(0.0371, zero))],
        )
        for n, zero in ((1, 0), (16, 128), (17, 255))
    ),
]
