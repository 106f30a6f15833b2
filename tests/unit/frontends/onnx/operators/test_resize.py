"""ONNX Resize and Upsample against onnxruntime: every grid, rounding, way to state the size."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names

from edgec.errors import EdgecError

GRIDS = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def resize_model(
    shape: tuple[int, ...],
    *,
    scales: tuple[float, ...] = (),
    sizes: tuple[int, ...] = (),
    opset: int = 13,
    **attributes: Any,
) -> onnx.ModelProto:
    """Return a Resize of opset 11 or newer; absent inputs are spelled as empty names."""
    constants = [np.array(scales, np.float32)] if scales else [np.array(sizes, np.int64)]
    model = node_model("Resize", [shape], constants, opset=opset, **attributes)
    inputs = ["x0", "", "c0"] if scales else ["x0", "", "", "c0"]
    del model.graph.node[0].input[:]
    model.graph.node[0].input.extend(inputs)
    return onnx.shape_inference.infer_shapes(model)


@pytest.mark.parametrize(("grid", "rounding"), list(product(GRIDS, ROUNDINGS)))
@pytest.mark.parametrize("sizes", [(1, 3, 8, 10), (1, 3, 3, 7), (1, 3, 1, 1)])
def test_nearest_equals_onnxruntime(
    grid: str, rounding: str, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    model = resize_model(
        (1, 3, 4, 5),
        sizes=sizes,
        mode="nearest",
        coordinate_transformation_mode=grid,
        nearest_mode=rounding,
    )
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert "resize_nearest" in node_names(graph)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("sizes", [(1, 3, 8, 10), (1, 3, 3, 7), (1, 3, 1, 4), (1, 3, 4, 5)])
def test_linear_equals_onnxruntime(grid: str, sizes: tuple[int, ...], tmp_path: Path) -> None:
    model = resize_model(
        (1, 3, 4, 5), sizes=sizes, mode="linear", coordinate_transformation_mode=grid
    )
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert "resize_bilinear" in node_names(graph)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_scales_equal_onnxruntime(mode: str, tmp_path: Path) -> None:
    model = resize_model((2, 3, 4, 6), scales=(1, 1, 2, 0.5), mode=mode)
    assert_equals_onnxruntime(model, tmp_path)


def test_nearest_takes_the_scale_at_its_word(tmp_path: Path) -> None:
    model = resize_model(
        (1, 1, 1, 5),
        scales=(1, 1, 1, 1.5),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    assert_equals_onnxruntime(model, tmp_path)


def test_linear_with_a_scale_that_gives_no_whole_size_is_rejected(tmp_path: Path) -> None:
    model = resize_model((1, 1, 1, 5), scales=(1, 1, 1, 1.5), mode="linear")
    with pytest.raises(EdgecError, match=r"5 x 1\.5 = 7") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-attribute"


def test_a_signal_is_resized_along_its_axis(tmp_path: Path) -> None:
    for mode in ("nearest", "linear"):
        assert_equals_onnxruntime(resize_model((2, 3, 5), sizes=(2, 3, 11), mode=mode), tmp_path)


def test_sizes_of_named_axes_equal_onnxruntime(tmp_path: Path) -> None:
    model = resize_model((1, 3, 4, 5), sizes=(8, 15), opset=18, axes=[2, 3], mode="linear")
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_corners_of_a_scale_that_gives_no_whole_size_are_rejected(
    mode: str, tmp_path: Path
) -> None:
    """ONNX's own reference and onnxruntime differ here."""
    model = resize_model(
        (1, 1, 1, 5),
        scales=(1, 1, 1, 1.5),
        mode=mode,
        coordinate_transformation_mode="align_corners",
    )
    with pytest.raises(EdgecError, match=r"5 x 1\.5 = 7"):
        imported(model, tmp_path)


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_aspect_ratio_policies_equal_onnxruntime(policy: str, tmp_path: Path) -> None:
    model = resize_model(
        (1, 1, 4, 6),
        sizes=(7, 8),
        opset=18,
        mode="nearest",
        keep_aspect_ratio_policy=policy,
        axes=[2, 3],
    )
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    assert_equals_onnxruntime(onnx.shape_inference.infer_shapes(model), tmp_path)


def test_half_pixel_symmetric_equals_onnxruntime(tmp_path: Path) -> None:
    model = resize_model(
        (1, 1, 1, 5),
        scales=(1, 1, 1, 1.5),
        opset=19,
        coordinate_transformation_mode="half_pixel_symmetric",
    )
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("scale", [2.0, 0.5, 1.7])
def test_resize_of_opset_10_equals_onnxruntime(scale: float, tmp_path: Path) -> None:
    scales = np.array([1, 1, scale, scale], np.float32)
    model = node_model("Resize", [(1, 2, 6, 5)], [scales], opset=10, mode="nearest")
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_upsample_equals_onnxruntime(mode: str, tmp_path: Path) -> None:
    scales = np.array([1, 1, 2, 3], np.float32)
    model = node_model("Upsample", [(1, 2, 4, 5)], [scales], opset=9, mode=mode)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"mode": "cubic"}, "cubic"),
        ({"mode": "linear", "antialias": 1}, "antialias"),
        ({"mode": "nearest", "coordinate_transformation_mode": "tf_crop_and_resize"}, "tf_crop"),
    ],
)
def test_what_tflite_cannot_do_is_rejected(
    attributes: dict[str, Any], word: str, tmp_path: Path
) -> None:
    model = resize_model((1, 1, 4, 4), sizes=(1, 1, 8, 8), opset=19, **attributes)
    with pytest.raises(EdgecError, match=word) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-attribute"


def test_resizing_channels_is_rejected(tmp_path: Path) -> None:
    model = resize_model((1, 2, 4, 4), sizes=(1, 4, 4, 4), mode="nearest")
    with pytest.raises(EdgecError, match="axis 1") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-shape"
