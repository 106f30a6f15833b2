"""ONNX ConvTranspose against onnxruntime: every way to state where the output lies."""

from pathlib import Path
from typing import Any

import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError

Shape = tuple[int, ...]
IMAGE = (2, 3, 4, 5)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 2]},
        {"strides": [2, 3], "pads": [1, 1, 1, 1]},
        {"strides": [2, 2], "pads": [1, 0, 0, 1]},
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
        {"strides": [3, 2], "output_padding": [2, 1]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 1], "auto_pad": "VALID"},
        {"strides": [2, 2], "output_shape": [8, 9]},
        {"strides": [2, 2], "output_shape": [8, 9], "auto_pad": "SAME_UPPER"},
        {"dilations": [2, 3], "strides": [2, 1]},
        {"strides": [4, 4]},
    ],
    ids=str,
)
def test_conv_transpose_equals_onnxruntime(attributes: dict[str, Any], tmp_path: Path) -> None:
    constants = [random_weights(3, 4, 3, 3), random_weights(4)]
    model = node_model("ConvTranspose", [IMAGE], constants, **attributes)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(graph) == ["transpose", "transpose_conv2d", "transpose"]


def test_without_bias(tmp_path: Path) -> None:
    model = node_model("ConvTranspose", [IMAGE], [random_weights(3, 4, 2, 2)], strides=[2, 2])
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("attributes", [{}, {"strides": [2], "pads": [1, 1]}], ids=str)
def test_signals_equal_onnxruntime(attributes: dict[str, Any], tmp_path: Path) -> None:
    constants = [random_weights(3, 4, 4), random_weights(4)]
    model = node_model("ConvTranspose", [(2, 3, 7)], constants, **attributes)
    assert "transpose_conv2d" in node_names(assert_equals_onnxruntime(model, tmp_path))


@pytest.mark.parametrize(
    ("channels", "per_group", "groups", "op"),
    [
        (4, 1, 4, "depthwise_conv2d"),
        (3, 2, 3, "depthwise_conv2d"),
        (4, 3, 2, "transpose_conv2d"),
        (6, 1, 3, "transpose_conv2d"),
    ],
)
@pytest.mark.parametrize(
    "attributes",
    [{"strides": [2, 2]}, {"strides": [2, 3], "pads": [1, 1, 1, 1]}, {"pads": [2, 0, 1, 1]}],
    ids=str,
)
def test_groups_equal_onnxruntime(
    channels: int, per_group: int, groups: int, op: str, attributes: dict[str, Any], tmp_path: Path
) -> None:
    constants = [random_weights(channels, per_group, 3, 4), random_weights(per_group * groups)]
    shape = (1, channels, 4, 5)
    model = node_model("ConvTranspose", [shape], constants, group=groups, **attributes)
    assert op in node_names(assert_equals_onnxruntime(model, tmp_path))


def test_groups_whose_padding_would_be_negative_are_dense(tmp_path: Path) -> None:
    model = node_model("ConvTranspose", [(1, 3, 4, 4)], [random_weights(3, 1, 1, 1)],
                       group=3, strides=[2, 2])  # fmt: skip
    assert "transpose_conv2d" in node_names(assert_equals_onnxruntime(model, tmp_path))


@pytest.mark.parametrize(
    ("weights", "attributes", "code"),
    [
        ((4, 3, 3, 3), {}, "malformed-model"),
        ((3, 4, 3), {}, "malformed-model"),
        ((3, 4, 3, 3), {"kernel_shape": [2, 2]}, "malformed-model"),
        ((3, 4, 3, 3), {"group": 2}, "malformed-model"),
        ((3, 4, 3, 3), {"strides": [0, 1]}, "malformed-model"),
        ((3, 4, 3, 3), {"dilations": [1]}, "malformed-model"),
        ((3, 4, 3, 3), {"dilations": [10**6, 1]}, "model-too-large"),
        ((3, 4, 3, 3), {"pads": [1]}, "malformed-model"),
        ((3, 4, 3, 3), {"pads": [9, 9, 9, 9]}, "unsupported-shape"),
        ((3, 4, 3, 3), {"auto_pad": "SOME"}, "malformed-model"),
    ],
    ids=str,
)
def test_what_contradicts_itself_is_rejected(
    weights: Shape, attributes: dict[str, Any], code: str, tmp_path: Path
) -> None:
    model = node_model("ConvTranspose", [IMAGE], [random_weights(*weights)], **attributes)
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == code
