from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import DType, QParams, Signature, TensorType
from edgec.ops.fully_connected import FullyConnected, fully_connected_factor


@pytest.mark.parametrize(
    ("shapes", "attributes"),
    [
        ([(6, 4), (4,)], {}),
        ([(4, 6), (4,)], {"transB": 1}),
        ([(4, 6), (1, 4)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
        ([(4, 6), (1,)], {"transB": 1, "beta": 0.5}),
        ([(4, 6)], {"transB": 1}),
    ],
    ids=str,
)
def test_gemm_equals_onnxruntime(
    shapes: list[tuple[int, ...]], attributes: dict[str, Any], tmp_path: Path
) -> None:
    constants = [random_weights(*shape) for shape in shapes]
    graph = assert_equals_onnxruntime(
        node_model("Gemm", [(3, 6)], constants, **attributes), tmp_path
    )
    assert node_names(graph) == ["fully_connected"]


@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (2, 5, 6), (6,)], ids=str)
def test_matmul_equals_onnxruntime(shape: tuple[int, ...], tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("MatMul", [shape], [random_weights(6, 4)]), tmp_path)


@pytest.mark.parametrize(
    ("op", "constants", "attributes", "code"),
    [
        ("Gemm", [(6, 4)], {"transA": 1}, "unsupported-attribute"),
        ("Gemm", [(5, 4)], {}, "malformed-model"),
        ("Gemm", [(6, 4), (3, 4)], {}, "unsupported-shape"),
        ("MatMul", [(2, 6, 4)], {}, "unsupported-shape"),
        ("MatMul", [(5, 4)], {}, "malformed-model"),
    ],
    ids=str,
)
def test_what_is_no_fully_connected_layer_is_rejected(
    op: str,
    constants: list[tuple[int, ...]],
    attributes: dict[str, Any],
    code: str,
    tmp_path: Path,
) -> None:
    arrays = [random_weights(*shape) for shape in constants]
    with pytest.raises(EdgecError) as caught:
        imported(node_model(op, [(3, 6)], arrays, **attributes), tmp_path)
    assert caught.value.code == code


def test_product_of_two_activations_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("MatMul", [(3, 6), (6, 4)]), tmp_path)
    assert "'x1'" in caught.value.message


def test_factor_multiplies_input_scales_in_float32() -> None:
    scales = (np.float32(0.1), np.float32(0.3), np.float32(0.7))
    kinds = [TensorType((1, 1), DType.INT8, QParams.per_tensor(scale)) for scale in scales]
    factor = fully_connected_factor(Signature((kinds[0], kinds[1]), (kinds[2],)))
    assert factor == float(scales[0] * scales[1]) / float(scales[2])
    assert factor != float(scales[0]) * float(scales[1]) / float(scales[2])


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
