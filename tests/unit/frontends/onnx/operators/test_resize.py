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


def test_a_signal_is_resized_along_its_axis(tmp_path: Path) -> None:
    for mode in ("nearest", "linear"):
        assert_equals_onnxruntime(resize_model((2, 3, 5), sizes=(2, 3, 11), mode=mode), tmp_path)


def test_sizes_of_named_axes_equal_onnxruntime(tmp_path: Path) -> None:
    model = resize_model((1, 3, 4, 5), sizes=(8, 15), opset=18, axes=[2, 3], mode="linear")
    assert_equals_onnxruntime(model, tmp_path)


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


GRIDS_19 = [*GRIDS, "half_pixel_symmetric", "tf_crop_and_resize"]
ROI = np.array([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.3], np.float32)  # a part lies outside of the input


def with_roi(model: onnx.ModelProto) -> onnx.ModelProto:
    model.graph.initializer.append(onnx.numpy_helper.from_array(ROI, "roi"))
    model.graph.node[0].input[1] = "roi"
    return model


@pytest.mark.parametrize("grid", GRIDS_19)
@pytest.mark.parametrize("a", [-0.5, -0.75, None])
@pytest.mark.parametrize("exclude_outside", [0, 1])
@pytest.mark.parametrize("sizes", [(1, 2, 8, 15), (1, 2, 3, 1)])
def test_cubic_equals_onnxruntime(
    grid: str, a: float | None, exclude_outside: int, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    model = resize_model(
        (1, 2, 4, 5),
        sizes=sizes,
        opset=19,
        mode="cubic",
        coordinate_transformation_mode=grid,
        cubic_coeff_a=a,
        exclude_outside=exclude_outside,
    )
    assert_equals_onnxruntime(with_roi(model), tmp_path)


@pytest.mark.parametrize("grid", GRIDS_19)
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("scales", [(1, 1, 1.3, 0.7), (1, 1, 0.6, 2.5)])
def test_factors_that_give_no_whole_size_equal_onnxruntime(
    grid: str, mode: str, scales: tuple[float, ...], tmp_path: Path
) -> None:
    model = resize_model(
        (1, 2, 6, 7), scales=scales, opset=19, mode=mode, coordinate_transformation_mode=grid
    )
    assert_equals_onnxruntime(with_roi(model), tmp_path)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_what_a_crop_takes_from_outside_is_the_stated_value(mode: str, tmp_path: Path) -> None:
    model = resize_model(
        (1, 2, 4, 5),
        sizes=(1, 2, 6, 6),
        opset=13,
        mode=mode,
        coordinate_transformation_mode="tf_crop_and_resize",
        extrapolation_value=3.5,
    )
    assert_equals_onnxruntime(with_roi(model), tmp_path)


@pytest.mark.parametrize(
    ("shape", "scales"),
    [((4, 5), (2, 2)), ((1, 4, 5, 3), (1, 2, 2, 1)), ((1, 2, 3, 4, 5), (1, 1, 2, 2, 2))],
)
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_any_axes_are_resized(
    shape: tuple[int, ...], scales: tuple[float, ...], mode: str, tmp_path: Path
) -> None:
    assert_equals_onnxruntime(resize_model(shape, scales=scales, mode=mode), tmp_path)


def test_a_vector_is_resized(tmp_path: Path) -> None:
    assert_equals_onnxruntime(resize_model((5,), scales=(2,), mode="nearest"), tmp_path)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialiasing_is_refused_with_a_way_out(mode: str, tmp_path: Path) -> None:
    model = resize_model((1, 1, 4, 4), sizes=(1, 1, 8, 8), opset=19, mode=mode, antialias=1)
    with pytest.raises(EdgecError, match="antialias = 1") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-attribute"
    assert "antialias=False" in caught.value.help


def test_a_matrix_beyond_any_microcontroller_is_refused(tmp_path: Path) -> None:
    model = resize_model((1, 1, 1, 3000), sizes=(1, 1, 1, 3001), mode="cubic")
    with pytest.raises(EdgecError, match="3001 elements out of 3000") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-shape"


def test_of_many_elements_few_are_taken(tmp_path: Path) -> None:
    """The matrix has a row for each of these, and nothing has the square of the others."""
    model = resize_model((1, 300_000, 2), sizes=(1, 3, 2), mode="nearest")
    graph = imported(model, tmp_path)
    assert graph.types[graph.outputs[0]].shape == (1, 3, 2)
