from pathlib import Path
from typing import Any

import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError

WINDOWS = [
    ((1, 3, 7, 6), {"kernel_shape": [2, 2]}),
    ((2, 3, 7, 6), {"kernel_shape": [3, 2], "strides": [2, 3]}),
    ((1, 3, 8, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ((1, 3, 8, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 1, 2, 0]}),
    ((1, 3, 8, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ((1, 3, 8, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    ((1, 3, 8, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "VALID"}),
    ((1, 3, 13), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
]
CEIL = [
    ((1, 3, 7, 8), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ((1, 3, 8, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ((1, 3, 5, 5), {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1]}),
    ((1, 3, 4, 7), {"kernel_shape": [1, 2], "strides": [3, 4]}),
    ((1, 3, 14), {"kernel_shape": [4], "strides": [3], "pads": [0, 1]}),
]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(("shape", "attributes"), WINDOWS, ids=str)
def test_pool_equals_onnxruntime(
    op: str, shape: tuple[int, ...], attributes: dict[str, Any], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [shape], **attributes), tmp_path)


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(("shape", "attributes"), CEIL, ids=str)
def test_ceil_mode_equals_onnxruntime(
    op: str, shape: tuple[int, ...], attributes: dict[str, Any], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [shape], ceil_mode=1, **attributes), tmp_path)


@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize(("shape", "attributes"), [*WINDOWS, *CEIL], ids=str)
def test_counted_padding_equals_onnxruntime(
    shape: tuple[int, ...], attributes: dict[str, Any], ceil_mode: int, tmp_path: Path
) -> None:
    model = node_model(
        "AveragePool", [shape], count_include_pad=1, ceil_mode=ceil_mode, opset=19, **attributes
    )
    assert_equals_onnxruntime(model, tmp_path)


def test_counted_padding_is_a_pad_of_its_own(tmp_path: Path) -> None:
    model = node_model(
        "AveragePool", [(1, 2, 6, 6)], kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1
    )
    names = node_names(imported(model, tmp_path))
    assert names == ["transpose", "pad", "average_pool2d", "transpose"]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_dilated_pool_equals_onnxruntime(op: str, tmp_path: Path) -> None:
    model = node_model(
        op, [(1, 2, 9, 8)], kernel_shape=[3, 2], dilations=[2, 3], pads=[1, 1, 2, 1], opset=19
    )
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("op", ["GlobalMaxPool", "GlobalAveragePool"])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 3, 7)], ids=str)
def test_global_pool_equals_onnxruntime(op: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model(op, [shape]), tmp_path)


def test_indices_of_a_max_pool_are_rejected(tmp_path: Path) -> None:
    model = node_model("MaxPool", [(1, 2, 4, 4)], kernel_shape=[2, 2], outputs=["y", "i"])
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-output"


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"kernel_shape": [2]},
        {"kernel_shape": [9, 9]},
        {"kernel_shape": [5000, 5000], "auto_pad": "SAME_UPPER"},
        {"kernel_shape": [2, 2], "pads": [3, 3, 3, 3]},
    ],
    ids=str,
)
def test_pool_without_a_sensible_window_is_malformed(
    attributes: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("MaxPool", [(1, 2, 4, 4)], **attributes), tmp_path)
    assert caught.value.code == "malformed-model"
