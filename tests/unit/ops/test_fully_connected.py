import numpy as np
import pytest

from edgec.ir import DType, QParams, Signature, TensorType
from edgec.ops.layers.fully_connected import FullyConnected, fully_connected_factors


def test_factor_multiplies_input_scales_in_float32() -> None:
    scales = (np.float32(0.1), np.float32(0.3), np.float32(0.7))
    kinds = [TensorType((1, 1), DType.INT8, QParams.per_tensor(float(scale))) for scale in scales]
    (factor,) = fully_connected_factors(Signature((kinds[0], kinds[1]), (kinds[2],)))
    assert factor == float(scales[0] * scales[1]) / float(scales[2])
    assert factor != float(scales[0]) * float(scales[1]) / float(scales[2])


def test_factors_per_output_are_in_double() -> None:
    x, y = (TensorType((1, 1), DType.INT8, QParams.per_tensor(scale)) for scale in (0.1, 0.7))
    w = TensorType((2, 1), DType.INT8, QParams.per_channel([0.3, 0.3], 0))
    factors = fully_connected_factors(Signature((x, w), (y,)))
    scales = [each.quantization.scales[0] for each in (x, w, y)]
    assert factors == [scales[0] * scales[1] / scales[2]] * 2
    assert factors[0] != float(np.float32(scales[0]) * np.float32(scales[1])) / scales[2]


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (FullyConnected(), [(1, 5), (3, 4)]),
        (FullyConnected(keep_num_dims=True), [(4, 2), (3, 4)]),
        (FullyConnected(), [(1, 4), (3, 4), (4,)]),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit(op: FullyConnected, shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"fully_connected|last axis|bias"):
        op.infer([TensorType(shape) for shape in shapes])
