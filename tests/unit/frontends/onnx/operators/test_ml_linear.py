"""Linear models and normalizers of skl2onnx: the scores are onnxruntime's, labels are left out."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_node import imported, node_names

from edgec.errors import EdgecError
from edgec.frontends.onnx.operators.ml_labels import shown_classes
from edgec.ir import Array, Graph, evaluate
from edgec.pipelines import optimize_float

RNG = np.random.default_rng(8)
X = RNG.normal(size=(3, 4)).astype(np.float32)
LABEL, SCORES = "label", "scores"


def ml_model(
    op: str, outputs: list[str], *, text: bool = False, **attributes: Any
) -> onnx.ModelProto:
    node = helper.make_node(op, ["x"], outputs, name="n", domain="ai.onnx.ml", **attributes)
    kinds = {LABEL: TensorProto.STRING if text else TensorProto.INT64}
    infos = [
        helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None)
        for name in outputs
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    graph = helper.make_graph([node], "g", [x], infos)
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def assert_scores(model: onnx.ModelProto, folder: Path, x: Array = X) -> Graph:
    graph = imported(model, folder)
    (name,) = graph.outputs
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run([str(name)], {"x": x})
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)
    return graph


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (2, 2), (3, 3)])
def test_scores_of_a_classifier(transform: str, rows: int, classes: int, tmp_path: Path) -> None:
    model = ml_model(
        "LinearClassifier",
        [LABEL, SCORES],
        coefficients=RNG.normal(size=rows * 4).tolist(),
        intercepts=RNG.normal(size=rows).tolist(),
        classlabels_ints=list(range(classes)),
        post_transform=transform,
        multi_class=1,
    )
    graph = assert_scores(model, tmp_path)
    (remark,) = graph.remarks
    assert "'label' is left out" in remark
    assert remark.endswith(", ".join(map(str, range(classes))))


def test_classes_with_names(tmp_path: Path) -> None:
    model = ml_model(
        "LinearClassifier",
        [LABEL, SCORES],
        text=True,
        coefficients=RNG.normal(size=8).tolist(),
        intercepts=[0.0, 1.0],
        classlabels_strings=["cat", "dog"],
        post_transform="NONE",
    )
    graph = assert_scores(model, tmp_path)
    assert graph.remarks[0].endswith("cat, dog")


def test_names_of_any_length_are_cut_where_they_are_told() -> None:
    assert shown_classes(["a" * 100, "b" * 101]) == f"{'a' * 100}, {'b' * 100}..."
    assert shown_classes(range(21)).endswith("18, 19, ... (21 in all)")


def test_a_transform_that_nobody_has(tmp_path: Path) -> None:
    model = ml_model(
        "LinearClassifier",
        [LABEL, SCORES],
        coefficients=[1.0] * 8,
        intercepts=[0.0, 1.0],
        classlabels_ints=[0, 1],
        post_transform="PROBIT",
    )
    with pytest.raises(EdgecError, match="PROBIT"):
        imported(model, tmp_path)


def test_coefficients_that_do_not_fit(tmp_path: Path) -> None:
    model = ml_model("LinearRegressor", ["y"], coefficients=[1.0] * 7, targets=2)
    with pytest.raises(EdgecError, match="7 coefficients") as caught:
        imported(model, tmp_path)
    assert caught.value.code == "malformed-model"


def test_coefficients_that_are_too_many_are_left(tmp_path: Path) -> None:
    """As onnxruntime has it, which reads a file with more of them."""
    coefficients = RNG.normal(size=20).tolist()
    model = ml_model("LinearRegressor", ["y"], coefficients=coefficients, targets=3)
    graph = assert_scores(model, tmp_path)
    assert any("20 coefficients the first 12 are used" in each for each in graph.remarks)


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("offset", [False, True])
def test_regressor(targets: int, offset: bool, tmp_path: Path) -> None:
    model = ml_model(
        "LinearRegressor",
        ["y"],
        coefficients=RNG.normal(size=targets * 4).tolist(),
        targets=targets,
        **({"intercepts": RNG.normal(size=targets).tolist()} if offset else {}),
    )
    assert node_names(assert_scores(model, tmp_path)) == ["fully_connected"]


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_normalizer(norm: str, tmp_path: Path) -> None:
    x = X.copy()
    x[1] = 0
    assert_scores(ml_model("Normalizer", ["y"], norm=norm), tmp_path, x)


def test_binarizer(tmp_path: Path) -> None:
    x = np.array([[-1, 0.5, 0.25, 3], [0, 0.2500001, -5, 0.3], [1, 2, 3, 4]], np.float32)
    assert_scores(ml_model("Binarizer", ["y"], threshold=0.25), tmp_path, x)


def test_missing_values_are_left_to_the_application(tmp_path: Path) -> None:
    def imputer(missing: float) -> onnx.ModelProto:
        values = [1.0, 2.5, 0.0, -1.0]
        return ml_model("Imputer", ["y"], imputed_value_floats=values, replaced_value_float=missing)

    graph = assert_scores(imputer(float("nan")), tmp_path)
    (remark,) = graph.remarks
    assert remark.endswith("replaces missing values (NaN) itself, by 1, 2.5, 0, -1")
    with pytest.raises(EdgecError, match="-1 stands for what is missing"):
        imported(imputer(-1.0), tmp_path)


def classifier(folder: Path, classes: Array, *, labels_alone: bool = False) -> Path:
    """Write scores with the largest one looked up in a list of classes, and a table of them."""
    nodes = [
        helper.make_node("Softmax", ["x"], ["p"], axis=1),
        helper.make_node("ArgMax", ["p"], ["best"], axis=1),
        helper.make_node(
            "ArrayFeatureExtractor", ["classes", "best"], ["found"], domain="ai.onnx.ml"
        ),
        helper.make_node("Reshape", ["found", "flat"], [LABEL]),
        helper.make_node(
            "ZipMap", ["p"], [SCORES], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2, 3]
        ),
    ]
    text = classes.dtype.kind == "U"
    kind = TensorProto.STRING if text else TensorProto.INT64
    infos = [helper.make_tensor_value_info(LABEL, kind, None)]
    table = helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    )
    if not labels_alone:
        infos.append(helper.make_value_info(SCORES, helper.make_sequence_type_proto(table)))
    weights = [
        helper.make_tensor("classes", kind, classes.shape, classes.tolist()),
        numpy_helper.from_array(np.array([-1], np.int64), "flat"),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)
    graph = helper.make_graph(nodes[: 4 if labels_alone else 5], "g", [x], infos, weights)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("classes", [["a", "b", "c", "d"], [7, 8, 9, 3]], ids=["texts", "numbers"])
def test_labels_are_left_out_and_tables_are_tensors(classes: list[Any], tmp_path: Path) -> None:
    path = classifier(tmp_path, np.array(classes))
    graph = optimize_float(imported(onnx.load(path), tmp_path))
    assert graph.outputs == (SCORES,)
    assert node_names(graph) == ["softmax"]
    assert graph.remarks[0].endswith(", ".join(map(str, classes)))


def test_labels_alone_are_no_model(tmp_path: Path) -> None:
    path = classifier(tmp_path, np.array([5, 6, 7, 8]), labels_alone=True)
    with pytest.raises(EdgecError) as caught:
        imported(onnx.load(path), tmp_path)
    assert caught.value.code == "unsupported-operator"
    assert "scores" in caught.value.help
