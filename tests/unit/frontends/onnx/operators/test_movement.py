"""ONNX operators that move elements, and arg max, against onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_node import (
    OPSET,
    assert_equals_onnxruntime,
    imported,
    node_model,
    node_names,
    random_weights,
)

from edgec.errors import EdgecError
from edgec.ir import Array, DType

Shape = tuple[int, ...]
FAR = 2**63 - 1


def integers(*values: int) -> Array:
    return np.array(values, np.int64)


def rejection(model: onnx.ModelProto, folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        imported(model, folder)
    return caught.value


@pytest.mark.parametrize(
    "vectors",
    [
        ((1,), (3,)),
        ((0, 1), (2, FAR)),
        ((-3,), (-1,), (2,)),
        ((4,), (-FAR,), (1,), (-1,)),
        ((-1, 0), (0, 9), (-1, 0), (-2, 2)),
        ((0, 0, 0), (2, 5, 6)),
        ((-99,), (99,), (2,), (3,)),
    ],
    ids=str,
)
def test_slice_equals_onnxruntime(vectors: tuple[Shape, ...], tmp_path: Path) -> None:
    model = node_model("Slice", [(2, 5, 6)], [integers(*each) for each in vectors])
    assert_equals_onnxruntime(model, tmp_path)


def test_slice_of_everything_moves_nothing(tmp_path: Path) -> None:
    model = node_model("Slice", [(2, 5)], [integers(0), integers(FAR), integers(1)])
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["reshape"]


def test_slice_with_attributes_is_the_form_of_opset_9(tmp_path: Path) -> None:
    model = node_model("Slice", [(2, 5, 6)], opset=9, starts=[1, -2], ends=[4, 99], axes=[1, 2])
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize(
    ("vectors", "code"),
    [
        (((0,), (1,), (3,)), "malformed-model"),
        (((0,), (1,), (0,), (0,)), "malformed-model"),
        (((0, 0), (1,)), "malformed-model"),
        (((2,), (1,)), "unsupported-shape"),
    ],
    ids=str,
)
def test_slices_that_make_no_sense(vectors: tuple[Shape, ...], code: str, tmp_path: Path) -> None:
    model = node_model("Slice", [(2, 5, 6)], [integers(*each) for each in vectors])
    assert rejection(model, tmp_path).code == code


def split_model(sizes: Shape = (), *, outputs: int, opset: int = OPSET, **attributes: Any) -> Any:
    names = [f"y{index}" for index in range(outputs)]
    constants = [integers(*sizes)] if sizes else []
    return node_model("Split", [(2, 7, 6)], constants, opset=opset, outputs=names, **attributes)


@pytest.mark.parametrize(
    "model",
    [
        split_model(outputs=2),
        split_model(outputs=3, axis=2),
        split_model((2, 4), outputs=2, axis=-1),
        split_model(outputs=3, opset=18, num_outputs=3, axis=1),
        split_model(outputs=2, opset=11, split=[3, 4], axis=1),
    ],
)
def test_split_equals_onnxruntime(model: onnx.ModelProto, tmp_path: Path) -> None:
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert set(node_names(graph)) == {"slice"}


@pytest.mark.parametrize(
    "model",
    [
        split_model((2, 3), outputs=2, axis=2),
        split_model((9, -3), outputs=2, axis=2),
        split_model(outputs=3, opset=18, num_outputs=9, axis=1),
        split_model(outputs=2, axis=3),
    ],
)
def test_splits_that_do_not_add_up(model: onnx.ModelProto, tmp_path: Path) -> None:
    assert rejection(model, tmp_path).code == "malformed-model"


@pytest.mark.parametrize(
    ("axis", "indices", "op"),
    [
        (0, np.array(1), "slice"),
        (1, np.array(-1), "slice"),
        (2, np.array([3]), "slice"),
        (1, np.array([0, 2, 4]), "slice"),
        (1, np.array([4, 3, 2]), "slice"),
        (-1, np.array([1, 1, -1]), "gather"),
        (1, np.array([[0, 3], [-1, 2]]), "gather"),
    ],
    ids=str,
)
def test_gather_equals_onnxruntime(axis: int, indices: Array, op: str, tmp_path: Path) -> None:
    model = node_model("Gather", [(2, 5, 6)], [indices.astype(np.int64)], axis=axis)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert node_names(graph)[0] == op


@pytest.mark.parametrize(
    ("places", "batches"),
    [
        ([[0, 1], [1, -1]], 0),
        ([[1]], 0),
        ([[[0, 2, 3]], [[1, 4, 5]]], 0),
        ([1, 2], 0),
        ([[1], [-2]], 1),
        ([[[1, 0], [2, 3]], [[-2, 5], [4, 4]]], 1),
    ],
    ids=str,
)
def test_gather_nd_equals_onnxruntime(places: Any, batches: int, tmp_path: Path) -> None:
    constants = [np.array(places, np.int64)]
    model = node_model("GatherND", [(2, 5, 6)], constants, batch_dims=batches)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize(
    ("op", "indices", "attributes", "code"),
    [
        ("Gather", [5], {"axis": 1}, "malformed-model"),
        ("Gather", [0], {"axis": 3}, "malformed-model"),
        ("GatherND", [[0, 5]], {}, "malformed-model"),
        ("GatherND", [[0, 0, 0, 0]], {}, "malformed-model"),
        ("GatherND", [[0]], {"batch_dims": 1}, "malformed-model"),
    ],
)
def test_gathers_that_are_rejected(
    op: str, indices: Any, attributes: dict[str, Any], code: str, tmp_path: Path
) -> None:
    model = node_model(op, [(2, 5, 6)], [np.array(indices, np.int64)], **attributes)
    assert rejection(model, tmp_path).code == code


@pytest.mark.parametrize("repeats", [(1, 2, 1), (3, 1, 2), (1, 1, 1)], ids=str)
def test_tile_equals_onnxruntime(repeats: Shape, tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Tile", [(2, 3, 4)], [integers(*repeats)]), tmp_path)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 1), (4,), (5, 2, 3, 4), (2, 1, 4)], ids=str)
def test_expand_equals_onnxruntime(shape: Shape, tmp_path: Path) -> None:
    assert_equals_onnxruntime(node_model("Expand", [(2, 3, 1)], [integers(*shape)]), tmp_path)


@pytest.mark.parametrize(
    ("op", "numbers", "code"),
    [
        ("Tile", (1, 2), "malformed-model"),
        ("Tile", (1, 0, 1), "unsupported-shape"),
        ("Expand", (2, 2, 4), "malformed-model"),
    ],
)
def test_repeats_that_do_not_fit(op: str, numbers: Shape, code: str, tmp_path: Path) -> None:
    assert rejection(node_model(op, [(2, 3, 1)], [integers(*numbers)]), tmp_path).code == code


@pytest.mark.parametrize("condition", [[True], [False]])
def test_where_with_one_answer_picks_an_operand(condition: list[bool], tmp_path: Path) -> None:
    model = node_model("Where", [(2, 3), (4, 1, 3)], [np.array(condition)])
    model.graph.node[0].input[:] = ["c0", "x0", "x1"]
    model = onnx.shape_inference.infer_shapes(model)
    assert_equals_onnxruntime(model, tmp_path)


def test_where_with_many_constant_answers_is_a_select(tmp_path: Path) -> None:
    model = node_model("Where", [(2, 3), (2, 3)], [np.array([True, False, True])])
    model.graph.node[0].input[:] = ["c0", "x0", "x1"]
    assert node_names(assert_equals_onnxruntime(model, tmp_path)) == ["select"]


@pytest.mark.parametrize(
    ("op", "shape", "attributes"),
    [
        ("DepthToSpace", (2, 12, 3, 5), {"blocksize": 2}),
        ("DepthToSpace", (2, 12, 3, 5), {"blocksize": 2, "mode": "DCR"}),
        ("DepthToSpace", (2, 18, 3, 5), {"blocksize": 3, "mode": "CRD"}),
        ("SpaceToDepth", (2, 3, 4, 6), {"blocksize": 2}),
    ],
    ids=str,
)
def test_blocks_equal_onnxruntime(
    op: str, shape: Shape, attributes: dict[str, Any], tmp_path: Path
) -> None:
    assert_equals_onnxruntime(node_model(op, [shape], **attributes), tmp_path)


@pytest.mark.parametrize(
    ("op", "shape", "attributes"),
    [
        ("DepthToSpace", (2, 10, 3, 5), {"blocksize": 2}),
        ("DepthToSpace", (2, 8, 3, 5), {"blocksize": 2, "mode": "ROW"}),
        ("DepthToSpace", (2, 8, 3), {"blocksize": 2}),
        ("SpaceToDepth", (2, 3, 5, 6), {"blocksize": 2}),
        ("SpaceToDepth", (2, 3, 4, 6), {"blocksize": 0}),
    ],
    ids=str,
)
def test_blocks_that_do_not_fit(
    op: str, shape: Shape, attributes: dict[str, Any], tmp_path: Path
) -> None:
    assert rejection(node_model(op, [shape], **attributes), tmp_path).code == "malformed-model"


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize(
    "attributes",
    [{}, {"axis": 1}, {"axis": -1, "keepdims": 0}, {"axis": 2, "select_last_index": 1}],
    ids=str,
)
def test_arg_max_equals_onnxruntime(op: str, attributes: dict[str, Any], tmp_path: Path) -> None:
    model = node_model(op, [(2, 3, 4)], **attributes)
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT64
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert graph.types[graph.outputs[0]].dtype is DType.INT64


def test_movement_of_constants_is_folded(tmp_path: Path) -> None:
    """Indices, shapes and booleans are moved like anything else."""
    numbers = onnx.numpy_helper.from_array(integers(3, 2, 9, 4), "numbers")
    model = node_model("Reshape", [(2, 3, 4)], [integers(0)])
    picked = onnx.helper.make_node("Gather", ["numbers", "which"], ["picked"])
    which = onnx.numpy_helper.from_array(integers(1, 0, 3), "which")
    tiled = onnx.helper.make_node("Tile", ["picked", "once"], ["shape"])
    once = onnx.numpy_helper.from_array(integers(1), "once")
    model.graph.initializer.extend([numbers, which, once])
    model.graph.node.insert(0, picked)
    model.graph.node.insert(1, tiled)
    model.graph.node[2].input[1] = "shape"
    graph = imported(model, tmp_path)
    assert graph.types[graph.outputs[0]].shape == (2, 3, 4)


def test_a_table_is_not_looked_up_at_real_numbers(tmp_path: Path) -> None:
    model = node_model("Gather", [(3,)], [random_weights(9, 4)])
    model.graph.node[0].input[:] = ["c0", "x0"]
    assert rejection(model, tmp_path).code == "malformed-model"


@pytest.mark.parametrize("count", [16, 17, 40, 257])
def test_many_tensors_are_joined_in_groups(count: int, tmp_path: Path) -> None:
    """Kernels take sixteen at once."""
    model = node_model("Concat", [(1, 2)] * count, axis=1)
    graph = assert_equals_onnxruntime(model, tmp_path)
    assert max(len(node.inputs) for node in graph.nodes) <= 16


def test_a_part_of_no_elements_adds_nothing(tmp_path: Path) -> None:
    model = node_model("Split", [(1, 6)], [integers(2, 0, 4)], outputs=["a", "b", "c"], axis=1)
    model.graph.node.append(onnx.helper.make_node("Concat", ["c", "b", "a"], ["y"], axis=1))
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("y", 1, (1, 6)))
    assert_equals_onnxruntime(model, tmp_path)


def test_an_output_of_no_elements_is_refused(tmp_path: Path) -> None:
    model = node_model("Split", [(1, 6)], [integers(6, 0)], outputs=["a", "b"], axis=1)
    error = rejection(model, tmp_path)
    assert error.code == "unsupported-shape"
    assert "output 'b' is empty" in str(error)
