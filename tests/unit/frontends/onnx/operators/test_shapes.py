from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model, node_names, random_weights

from edgec.errors import EdgecError
from edgec.ir import Array


def integers(*values: int) -> Array:
    return np.array(values, np.int64)


@pytest.mark.parametrize("wanted", [(6, 20), (-1, 4), (0, -1), (2, 0, -1), (0, 0, 0, 0), (-1,)])
def test_reshape_equals_onnxruntime(wanted: tuple[int, ...], tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(
        node_model("Reshape", [(2, 3, 4, 5)], [integers(*wanted)]), tmp_path
    )
    assert node_names(graph) == ["reshape"]


@pytest.mark.parametrize("wanted", [(7, 20), (-1, 7), (-1, -1), (2, 3, 4, 5, 0)])
def test_reshape_to_what_does_not_fit_is_rejected(wanted: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("Reshape", [(2, 3, 4, 5)], [integers(*wanted)]), tmp_path)
    assert caught.value.code == "malformed-model"


def test_allowzero_makes_a_zero_literal(tmp_path: Path) -> None:
    model = node_model("Reshape", [(2, 3)], [integers(0, 6)], opset=14, allowzero=1)
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "malformed-model"


@pytest.mark.parametrize("axis", [None, 0, 1, 2, 4, -1])
def test_flatten_equals_onnxruntime(axis: int | None, tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Flatten", [(2, 3, 4, 5)], axis=axis), tmp_path)


@pytest.mark.parametrize(
    ("op", "shape", "axes"),
    [
        ("Squeeze", (1, 3, 1, 5), (0,)),
        ("Squeeze", (1, 3, 1, 5), (-2, 0)),
        ("Unsqueeze", (3, 5), (0, 3)),
        ("Unsqueeze", (3, 5), (-1,)),
        ("Unsqueeze", (3, 5), (1, -1)),
    ],
)
def test_squeezing_equals_onnxruntime(
    op: str, shape: tuple[int, ...], axes: Sequence[int], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [shape], [integers(*axes)]), tmp_path)
    assert_equals_onnxruntime(node_model(op, [shape], opset=11, axes=axes), tmp_path)


def test_squeeze_without_axes_drops_all_ones(tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(node_model("Squeeze", [(1, 3, 1, 5)]), tmp_path)
    assert graph.types[graph.outputs[0]].shape == (3, 5)


@pytest.mark.parametrize(
    ("op", "attributes"), [("Identity", {}), ("Dropout", {}), ("Cast", {"to": 1})]
)
def test_what_changes_nothing_is_a_reshape(
    op: str, attributes: dict[str, Any], tmp_path: Path
) -> None:
    graph = assert_equals_onnxruntime(node_model(op, [(2, 3)], **attributes), tmp_path)
    assert node_names(graph) == ["reshape"]


def test_cast_to_a_type_without_a_place_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("Cast", [(2, 3)], to=14), tmp_path)  # complex64
    assert caught.value.code == "unsupported-attribute"


def test_dropout_in_training_mode_is_rejected(tmp_path: Path) -> None:
    constants = [np.array(0.5, np.float32), np.array(1, np.bool_)]
    with pytest.raises(EdgecError, match="training mode"):
        imported(node_model("Dropout", [(2, 3)], constants), tmp_path)


PADS = integers(0, 0, 1, 2, 0, 0, 3, 0)


def test_pad_equals_onnxruntime(tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Pad", [(1, 2, 4, 5)], [PADS]), tmp_path)
    value = np.array(1.5, np.float32)
    graph = assert_equals_onnxruntime(node_model("Pad", [(1, 2, 4, 5)], [PADS, value]), tmp_path)
    assert node_names(graph) == ["pad"]


def test_pad_of_named_axes_equals_onnxruntime(tmp_path: Path) -> None:
    constants = [integers(1, 2, 3, 0), np.array(0, np.float32), integers(-1, 1)]
    assert_equals_onnxruntime(node_model("Pad", [(1, 2, 4, 5)], constants, opset=18), tmp_path)


def test_pad_with_attributes_is_the_form_of_opset_10(tmp_path: Path) -> None:
    model = node_model("Pad", [(1, 2, 4, 5)], opset=10, pads=list(PADS), value=-2.0)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("mode", ["reflect", "edge", "wrap"])
def test_pads_of_the_tensors_own_elements_equal_onnxruntime(mode: str, tmp_path: Path) -> None:
    model = node_model("Pad", [(1, 2, 4, 5)], [PADS], opset=19, mode=mode)
    assert_equals_onnxruntime(model, tmp_path)


def test_an_unknown_mode_of_pad_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="mirrored") as caught:
        imported(node_model("Pad", [(1, 2, 4, 5)], [PADS], mode="mirrored"), tmp_path)
    assert "reflect" in caught.value.help


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize(
    "pads", [(0, 0, -1, 0, 0, 0, 0, -2), (0, 0, 2, -1, 0, 0, -1, 2), (0, -1, 1, 1, 0, 0, 0, 1)]
)
def test_negative_pads_crop(mode: str, pads: tuple[int, ...], tmp_path: Path) -> None:
    model = node_model("Pad", [(1, 3, 4, 5)], [integers(*pads)], opset=19, mode=mode)
    assert "slice" in node_names(assert_equals_onnxruntime(model, tmp_path))


def test_pads_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match=r"nothing is left|is empty") as caught:
        imported(node_model("Pad", [(3, 5)], [integers(0, -5, 0, 0)]), tmp_path)
    assert caught.value.code == "unsupported-shape"


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concatenation_equals_onnxruntime(axis: int, tmp_path: Path) -> None:
    shapes = [(2, 3, 4), (2, 3, 4)]
    weights = [random_weights(2, 3, 4)]
    graph = assert_equals_onnxruntime(node_model("Concat", shapes, weights, axis=axis), tmp_path)
    assert node_names(graph) == ["concatenation"]


def test_concatenation_of_shapes_that_differ_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("Concat", [(2, 3), (2, 4)], axis=0), tmp_path)
    assert caught.value.code == "malformed-model"


@pytest.mark.parametrize("perm", [None, (0, 2, 3, 1), (3, 2, 1, 0)])
def test_transpose_equals_onnxruntime(perm: tuple[int, ...] | None, tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Transpose", [(2, 3, 4, 5)], perm=perm), tmp_path)


@pytest.mark.parametrize(
    "attributes",
    [
        {"value_float": 1.5},
        {"value_floats": [1.5, 2.0]},
        {"value": onnx.numpy_helper.from_array(np.ones(2, np.float32))},
    ],
    ids=str,
)
def test_numeric_constants_are_folded(attributes: dict[str, Any], tmp_path: Path) -> None:
    graph = imported(constant_and_add(**attributes), tmp_path)
    assert node_names(graph) == ["add"]


def test_text_constants_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="only dense numeric constants"):
        imported(node_model("Constant", [], value_string="text"), tmp_path)


def constant_and_add(**attributes: Any) -> onnx.ModelProto:
    """Return a model that adds a constant to its input."""
    model = node_model("Add", [(3, 2)], [np.zeros(2, np.float32)])
    del model.graph.initializer[:]
    constant = onnx.helper.make_node("Constant", [], ["c0"], **attributes)
    model.graph.node.insert(0, constant)
    return model


def test_a_scalar_is_transposed_to_one(tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(node_model("Transpose", [()]), tmp_path)
    assert graph.types[graph.outputs[0]].shape == ()
