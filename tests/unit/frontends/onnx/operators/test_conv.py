from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError


@pytest.mark.parametrize(
    ("shape", "weights", "attributes"),
    [
        ((1, 3, 7, 6), (4, 3, 3, 3), {}),
        ((2, 3, 7, 6), (4, 3, 3, 3), {"pads": [1, 1, 1, 1]}),
        ((1, 3, 8, 9), (5, 3, 3, 2), {"pads": [2, 0, 1, 1], "strides": [2, 1]}),
        ((1, 3, 9, 9), (4, 3, 3, 3), {"dilations": [2, 3], "pads": [2, 3, 2, 3]}),
        ((1, 3, 8, 7), (4, 3, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((1, 3, 8, 7), (4, 3, 4, 2), {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
        ((1, 3, 8, 7), (4, 3, 4, 2), {"auto_pad": "VALID"}),
        ((1, 6, 7, 6), (4, 3, 3, 3), {"group": 2}),
        ((1, 6, 7, 6), (9, 2, 3, 3), {"group": 3, "kernel_shape": [3, 3]}),
        ((1, 1, 7, 6), (4, 1, 3, 3), {}),
        ((1, 3, 12), (4, 3, 3), {"pads": [2, 1], "strides": [2]}),
        ((1, 3, 12), (4, 3, 3), {"auto_pad": "SAME_LOWER"}),
        ((1, 4, 12), (6, 2, 5), {"group": 2}),
    ],
    ids=str,
)
def test_conv_equals_onnxruntime(
    shape: tuple[int, ...], weights: tuple[int, ...], attributes: dict[str, Any], tmp_path: Path
) -> None:
    constants = [random_weights(*weights), random_weights(weights[0])]
    graph = assert_equals_onnxruntime(
        node_model("Conv", [shape], constants, **attributes), tmp_path
    )
    assert "conv2d" in node_names(graph)


@pytest.mark.parametrize(
    ("shape", "weights", "attributes"),
    [
        ((1, 5, 7, 6), (5, 1, 3, 3), {"pads": [1, 1, 1, 1]}),
        ((1, 5, 7, 6), (15, 1, 2, 3), {"strides": [1, 2]}),
        ((1, 5, 14), (10, 1, 4), {"pads": [1, 2], "dilations": [2]}),
    ],
    ids=str,
)
def test_a_group_per_channel_is_depthwise(
    shape: tuple[int, ...], weights: tuple[int, ...], attributes: dict[str, Any], tmp_path: Path
) -> None:
    model = node_model("Conv", [shape], [random_weights(*weights)], group=5, **attributes)
    assert "depthwise_conv2d" in node_names(assert_equals_onnxruntime(model, tmp_path))


def rejection(model: Any, folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        imported(model, folder)
    return caught.value


def test_weights_computed_at_run_time_are_rejected(tmp_path: Path) -> None:
    error = rejection(node_model("Conv", [(1, 3, 5, 5), (4, 3, 3, 3)]), tmp_path)
    assert error.code == "unsupported-attribute"
    assert "'x1'" in error.message
    assert "node 'node'" in str(error)


def test_three_spatial_axes_are_rejected(tmp_path: Path) -> None:
    model = node_model("Conv", [(1, 3, 5, 5, 5)], [random_weights(4, 3, 3, 3, 3)])
    error = rejection(model, tmp_path)
    assert (error.code, error.help != "") == ("unsupported-shape", True)


@pytest.mark.parametrize(
    ("weights", "attributes"),
    [
        ((4, 2, 3, 3), {}),
        ((4, 3, 3), {}),
        ((4, 3, 3, 3), {"kernel_shape": [5, 5]}),
        ((4, 3, 3, 3), {"group": 0}),
        ((4, 3, 3, 3), {"strides": [1]}),
        ((4, 3, 3, 3), {"strides": [0, 1]}),
        ((4, 3, 9, 9), {}),
        ((4, 3, 3, 3), {"auto_pad": "SOME"}),
    ],
    ids=str,
)
def test_conv_that_contradicts_itself_is_malformed(
    weights: tuple[int, ...], attributes: dict[str, Any], tmp_path: Path
) -> None:
    model = node_model("Conv", [(1, 3, 5, 5)], [random_weights(*weights)], **attributes)
    assert rejection(model, tmp_path).code == "malformed-model"


def test_negative_pads_are_rejected(tmp_path: Path) -> None:
    weights = random_weights(4, 3, 3, 3)
    model = node_model("Conv", [(1, 3, 5, 5)], [weights], pads=[0, -1, 0, 0])
    assert rejection(model, tmp_path).code == "unsupported-attribute"


def test_bias_of_another_length_is_malformed(tmp_path: Path) -> None:
    constants = [random_weights(4, 3, 3, 3), np.zeros(3, np.float32)]
    assert rejection(node_model("Conv", [(1, 3, 5, 5)], constants), tmp_path).code == (
        "malformed-model"
    )
